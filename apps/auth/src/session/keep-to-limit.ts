/**
 * Ends the sessions of a person that are too many beside a new one: those that were used least recently.
 *
 * Invariant: when logins that raced each other have been answered, no more sessions are open than are
 * allowed. Whoever opens one counts after its own commit, and so the last of them counts all. Of several
 * who find too many, those whose own session has been ended meanwhile end nothing.
 */
import type { SessionId, UserId } from '@portcullis/contracts';
import { and, eq, isNull } from 'drizzle-orm';
import type { Database } from '../database/database.ts';
import { sessions } from '../database/schema/index.ts';
import type { Cause, Change, MakeChange } from '../change/change.ts';
import { endSession, sessionsBeyond } from './end-sessions.ts';
import { lockUser } from '../users/lock-user.ts';

/** @param own the session that has just been opened, and is kept */
export type KeepToLimit = (cause: Cause, owner: UserId, own: SessionId) => Promise<void>;

export function createKeepToLimit(
  database: Database,
  makeChange: MakeChange,
  most: number,
): KeepToLimit {
  return async (cause, owner, own) => {
    const beyond = await sessionsBeyond(database, owner, own, most);
    if (beyond.length === 0) return;
    await makeChange(cause, (change) => endBeyond(change, owner, own, most)).catch(
      (error: unknown) => {
        if (!(error instanceof NothingBeyond)) throw error;
      },
    );
  };
}

async function endBeyond(
  change: Change,
  owner: UserId,
  own: SessionId,
  most: number,
): Promise<void> {
  const { tx } = change;
  await lockUser(tx, owner);
  const [kept] = await tx
    .select({ id: sessions.id })
    .from(sessions)
    .where(and(eq(sessions.id, own), isNull(sessions.endedAt)));
  const beyond = kept === undefined ? [] : await sessionsBeyond(tx, owner, own, most);
  if (beyond.length === 0) throw new NothingBeyond();
  for (const id of beyond) await endSession(change, id, owner, 'session_ended');
  await change.audit({
    action: 'session.oldest-ended',
    target: { kind: 'user', id: owner },
    detail: { sessions: beyond, limit: most },
  });
}

/** Takes the transaction back, in which another one of several was first. */
class NothingBeyond extends Error {}
