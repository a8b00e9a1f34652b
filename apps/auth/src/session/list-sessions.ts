import type { AuthService } from '@portcullis/api';
import { and, desc, eq } from 'drizzle-orm';
import type { Database } from '../database/database.ts';
import { sessions } from '../database/schema/index.ts';
import { live } from './live.ts';

/** As many as a user may be allowed to have; the most recently used come first. */
const MAX_SHOWN = 1_000;

export function createListSessions(database: Database): AuthService['listSessions'] {
  return async ({ caller }) => {
    const rows = await database
      .select()
      .from(sessions)
      .where(and(eq(sessions.userId, caller.sub), live()))
      .orderBy(desc(sessions.lastUsedAt), desc(sessions.id))
      .limit(MAX_SHOWN);
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
