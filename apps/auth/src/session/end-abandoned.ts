import type { SessionId, UserId } from '@portcullis/contracts';
import type { Cause, WithChange } from '../change/unit-of-work.ts';
import { lockOwner } from '../users/lock-user.ts';
import { endSession } from './end-sessions.ts';

/**
 * Ends a session that was opened and whose tokens reached no client: it must not take the place of one that a client
 * has. Where that fails too, it stays until it is idle for too long.
 */
export async function endAbandoned(
  withChange: WithChange,
  cause: Cause,
  owner: UserId,
  id: SessionId,
): Promise<void> {
  const ending = withChange(cause, async (change) => {
    await lockOwner(change, owner);
    const ended = await endSession(change, id, owner, 'session_ended');
    await change.audit({
      action: 'session.abandoned',
      target: { kind: 'session', id },
      detail: { changed: ended !== null && 'now' in ended },
    });
  });
  await ending.catch(() => undefined);
}
