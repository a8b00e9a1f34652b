/**
 * Forgets sessions whose time has been over for a month, however they ended: the device, the address, the
 * hashes of their tokens.
 *
 * Invariant: nothing is forgotten that could still be asked about. A session cannot be used beyond its
 * `expires_at`, which stands since the login; no access token lives, and no receipt is given out again,
 * for more than two hours after that. The audit trail keeps that it was.
 *
 * Safe with several instances: each passes over rows that another one holds.
 */
import type { Clock } from '@portcullis/verify';
import { count, eq, inArray, lte, notExists, sql } from 'drizzle-orm';
import type { Database } from '../database/database.ts';
import { auditLog, auditOrigins, sessions, users } from '../database/schema/index.ts';
import { repeat } from '../timing/repeat.ts';

const KEPT = sql`interval '30 days'`;
const LOOK_MS = 60_000;
/** A short transaction each. */
const AT_ONCE = 500;

export interface ForgettingOptions {
  database: Database;
  clock: Pick<Clock, 'after'>;
  failed(error: unknown, what: string): void;
}

/** Looks again and again until it is disposed of. */
export function scheduleForgetting(options: ForgettingOptions): AsyncDisposable {
  const { database, clock, failed } = options;
  const stop = repeat(
    clock,
    LOOK_MS,
    () => forgetSessions(database),
    (error) => failed(error, 'forgetting old sessions'),
  );
  return { [Symbol.asyncDispose]: stop };
}

/** All that are due, some hundred at a time. */
export async function forgetSessions(database: Database): Promise<void> {
  while ((await forgetSome(database)) === AT_ONCE);
}

/** @returns how many. One statement, and so one transaction. */
async function forgetSome(database: Database): Promise<number> {
  const due = database
    .select({ id: sessions.id })
    .from(sessions)
    .where(lte(sessions.expiresAt, sql`clock_timestamp() - ${KEPT}`))
    .limit(AT_ONCE)
    .for('update', { skipLocked: true });
  const gone = database
    .$with('gone')
    .as(database.delete(sessions).where(inArray(sessions.id, due)).returning({ id: sessions.id }));
  // With the session goes its user's id, and so the only way to forget the origin of an action by an
  // actor without an account, who may have been its owner (account/delete-account.ts).
  const account = database
    .select({ id: users.id })
    .from(users)
    .where(eq(users.id, auditLog.actorId));
  const touched = database
    .select({ origin: auditLog.origin })
    .from(auditLog)
    .innerJoin(gone, eq(auditLog.targetId, gone.id))
    .where(notExists(account));
  const forgotten = database
    .$with('forgotten')
    .as(database.delete(auditOrigins).where(inArray(auditOrigins.commitment, touched)));
  const [row] = await database.with(gone, forgotten).select({ gone: count() }).from(gone);
  return row?.gone ?? 0;
}
