import type { AuthService } from '@portcullis/api';
import { and, desc, eq, sql } from 'drizzle-orm';
import type { Database } from '../database/database.ts';
import { sessions } from '../database/schema/index.ts';
import { live } from './live.ts';

/** As many as a user may be allowed to have; the most recently used come first. */
const MAX_SHOWN = 1_000;

const shownFields = {
  id: sessions.id,
  userAgent: sessions.userAgent,
  address: sessions.address,
  createdAt: sessions.createdAt,
  lastUsedAt: sessions.lastUsedAt,
  expiresAt: sessions.expiresAt,
};

export function createListSessions(database: Database): AuthService['listSessions'] {
  const sessionsOf = database
    .select(shownFields)
    .from(sessions)
    .where(and(eq(sessions.userId, sql.placeholder('user')), live()))
    .orderBy(desc(sessions.lastUsedAt), desc(sessions.id))
    .limit(MAX_SHOWN)
    .prepare('sessions_of_user');

  return async ({ caller }) => {
    const rows = await sessionsOf.execute({ user: caller.sub });
    return {
      sessions: rows.map((row) => ({
        id: row.id,
        current: row.id === caller.sid,
        user_agent: row.userAgent,
        address: row.address,
        created_at: row.createdAt.toISOString(),
        last_used_at: row.lastUsedAt.toISOString(),
        expires_at: row.expiresAt.toISOString(),
      })),
    };
  };
}
