import { Refusal, type SessionId } from '@portcullis/contracts';
import { and, eq, isNull, sql } from 'drizzle-orm';
import type { Queryable } from '../database/database.ts';
import { sessions } from '../database/schema/index.ts';

/** For how long a login is proof enough to change what one logs in with. Seconds. */
const RECENT_S = 15 * 60;

/**
 * Step-up (RFC 9470): an attacker who finds a forgotten session open must not be able to keep the
 * account.
 *
 * @throws Refusal `login_too_old`, or `invalid_token` when the session has ended
 */
export async function requireRecentLogin(on: Queryable, id: SessionId): Promise<void> {
  const [row] = await on
    .select({
      recent: sql<boolean>`${sessions.authTime} > clock_timestamp() - make_interval(secs => ${RECENT_S})`,
    })
    .from(sessions)
    .where(and(eq(sessions.id, id), isNull(sessions.endedAt)));
  if (row === undefined) throw new Refusal('invalid_token');
  if (!row.recent) throw new Refusal('login_too_old', { demanded: { max_age: RECENT_S } });
}
