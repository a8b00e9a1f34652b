import type { AuthService } from '@portcullis/api';
import { Refusal } from '@portcullis/contracts';
import { and, desc, eq, getTableColumns, or, sql } from 'drizzle-orm';
import type { Database } from '../database/database.ts';
import { auditLog, auditOrigins, sessions, users } from '../database/schema/index.ts';
import { accountOfRow } from '../users/account-of-row.ts';

/** Most sessions, and most entries of the audit trail, that are exported. */
const MAX_EXPORTED_ROWS = 1_000;

/** What is kept about the caller, but for what proves who they are: hashes of secrets. */
export function createExportOwnData(database: Database): AuthService['exportOwnData'] {
  return async ({ caller: { sub: id } }) => {
    const [row] = await database
      .select({
        ...getTableColumns(users),
        now: sql`clock_timestamp()`.mapWith(users.createdAt),
      })
      .from(users)
      .where(eq(users.id, id));
    if (row === undefined) throw new Refusal('invalid_token');
    const opened = await database
      .select()
      .from(sessions)
      .where(eq(sessions.userId, id))
      .orderBy(desc(sessions.createdAt))
      .limit(MAX_EXPORTED_ROWS);
    const done = await database
      .select({
        at: auditLog.at,
        action: auditLog.action,
        address: auditOrigins.address,
        by: auditLog.actorId,
      })
      .from(auditLog)
      .leftJoin(auditOrigins, eq(auditOrigins.commitment, auditLog.origin))
      .where(
        or(
          and(eq(auditLog.actorKind, 'user'), eq(auditLog.actorId, id)),
          and(eq(auditLog.targetKind, 'user'), eq(auditLog.targetId, id)),
        ),
      )
      .orderBy(desc(auditLog.sequence))
      .limit(MAX_EXPORTED_ROWS);
    return {
      exported_at: row.now.toISOString(),
      account: accountOfRow(row),
      sessions: opened.map((one) => ({
        id: one.id,
        user_agent: one.userAgent,
        address: one.address,
        created_at: one.createdAt.toISOString(),
        last_used_at: one.lastUsedAt.toISOString(),
        expires_at: one.expiresAt.toISOString(),
        ended_at: one.endedAt?.toISOString() ?? null,
      })),
      activity: done.map(({ at, action, address, by }) => ({
        at: at.toISOString(),
        action,
        // Where an administrator was is not the business of whom they dealt with.
        address: by === id ? address : null,
      })),
    };
  };
}
