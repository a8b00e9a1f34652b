/**
 * Ends the sessions of a user that are too many beside a new one: those that were used least recently.
 *
 * Invariant: when logins that raced each other have been answered, no more sessions are open than are
 * allowed. Each login counts after its own commit, and so the last of them counts all. Of several that
 * find too many, those whose own session has been ended meanwhile end nothing.
 */
import type { SessionId, UserId } from '@portcullis/contracts';
import { and, eq, isNull } from 'drizzle-orm';
import type { Database } from '../database/database.ts';
import { sessions } from '../database/schema/index.ts';
import type { Cause, Change, WithChange } from '../change/unit-of-work.ts';
import { endSession, excessSessions } from './end-sessions.ts';
import { lockUser } from '../users/lock-user.ts';

/** @param own the session that has just been opened, and is kept */
export type EnforceSessionLimit = (cause: Cause, owner: UserId, own: SessionId) => Promise<void>;

export function createEnforceSessionLimit(
  database: Database,
  withChange: WithChange,
  most: number,
): EnforceSessionLimit {
  return async (cause, owner, own) => {
    const beyond = await excessSessions(database, owner, own, most);
    if (beyond.length === 0) return;
    await withChange(cause, (change) => endExcess(change, owner, own, most)).catch(
      (error: unknown) => {
        if (!(error instanceof NoExcess)) throw error;
      },
    );
  };
}

async function endExcess(
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
  const beyond = kept === undefined ? [] : await excessSessions(tx, owner, own, most);
  if (beyond.length === 0) throw new NoExcess();
  for (const id of beyond) await endSession(change, id, owner, 'session_ended');
  await change.audit({
    action: 'session.evicted',
    target: { kind: 'user', id: owner },
    detail: { sessions: beyond, limit: most },
  });
}

/** Takes the transaction back, in which another one of several was first. */
class NoExcess extends Error {}
