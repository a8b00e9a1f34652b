/** Ends sessions inside of a change. The callers hold the user's row. */
import type { EventId, RevocationReason, SessionId, UserId } from '@portcullis/contracts';
import { and, asc, desc, eq, isNull, ne, sql } from 'drizzle-orm';
import type { Queryable, Transaction } from '../database/database.ts';
import { loginChallenges, sessions } from '../database/schema/index.ts';
import type { Change } from '../change/unit-of-work.ts';
import { MAX_TOKEN_SECONDS, TOKEN_MARGIN_SECONDS } from '../timing/lifetimes.ts';
import { live } from './live.ts';

/** The outcome for a session: ended now, ended before (by that event), or never there. */
export type Ended = { now: EventId } | { before: EventId } | null;

/** Ends one session, by a cut of its own. The row's lock makes it happen once. */
export async function endSession(
  { tx, revoke }: Change,
  id: SessionId,
  owner: UserId,
  reason: RevocationReason,
): Promise<Ended> {
  const [row] = await tx
    .select({ endedBy: sessions.endedBy })
    .from(sessions)
    .where(and(eq(sessions.id, id), eq(sessions.userId, owner)))
    .for('update');
  if (row === undefined) return null;
  if (row.endedBy !== null) return { before: row.endedBy };
  const event = await revoke({ kind: 'session', key: id }, reason);
  await tx
    .update(sessions)
    .set({ endedAt: sql`clock_timestamp()`, endedBy: event })
    .where(and(eq(sessions.id, id), isNull(sessions.endedBy)));
  return { now: event };
}

/**
 * Those that were used least recently, and are too many beside one that is kept.
 *
 * @param most with the one that is kept
 * @returns in the order in which everything locks sessions
 */
export async function excessSessions(
  database: Queryable,
  owner: UserId,
  kept: SessionId,
  most: number,
): Promise<SessionId[]> {
  const rows = await database
    .select({ id: sessions.id })
    .from(sessions)
    .where(and(eq(sessions.userId, owner), ne(sessions.id, kept), live()))
    .orderBy(desc(sessions.lastUsedAt), desc(sessions.id))
    .offset(most - 1);
  return rows.map(({ id }) => id).toSorted();
}

/** No token that is left of a session that ran out before lives any more. */
const A_TOKEN_AGO = sql`clock_timestamp() - make_interval(secs => ${MAX_TOKEN_SECONDS + TOKEN_MARGIN_SECONDS})`;

/**
 * Ends all others one by one, which spares the tokens of the one that is kept. A login that waits for
 * another step is one of them.
 */
export async function endOtherSessions(
  change: Change,
  owner: UserId,
  kept: SessionId,
  reason: RevocationReason,
): Promise<number> {
  const others = await change.tx
    .select({ id: sessions.id })
    .from(sessions)
    .where(and(eq(sessions.userId, owner), ne(sessions.id, kept), live(A_TOKEN_AGO)))
    .orderBy(asc(sessions.id))
    .for('update');
  for (const { id } of others) await endSession(change, id, owner, reason);
  await change.tx.delete(loginChallenges).where(eq(loginChallenges.userId, owner));
  return others.length;
}

/** Marks all sessions as ended by a cut of the subject, which has taken their tokens already. */
export async function markAllEnded(tx: Transaction, owner: UserId, by: EventId): Promise<void> {
  await tx
    .update(sessions)
    .set({ endedAt: sql`clock_timestamp()`, endedBy: by })
    .where(and(eq(sessions.userId, owner), isNull(sessions.endedAt)));
}
