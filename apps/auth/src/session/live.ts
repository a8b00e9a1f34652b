import { and, isNull, sql, type SQL } from 'drizzle-orm';
import { sessions } from '../database/schema/index.ts';

/** Sessions that have neither ended nor outlived their time. */
export function live(now: SQL = sql`clock_timestamp()`): SQL | undefined {
  return and(
    isNull(sessions.endedAt),
    sql`least(${sessions.idleExpiresAt}, ${sessions.expiresAt}) > ${now}`,
  );
}
