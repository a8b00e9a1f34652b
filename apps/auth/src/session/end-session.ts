import type { AuthService } from '@portcullis/api';
import { Refusal } from '@portcullis/contracts';
import { causeOfUser } from '../change/cause.ts';
import { endSession } from './end-sessions.ts';
import { lockOwner } from '../users/lock-user.ts';
import type { OneSessionEndDependencies } from './log-out.ts';

/** Ends one of the caller's own sessions; one of another user is answered like none. */
export function createEndSession({
  withChange,
  endLiveSession,
  receipts,
}: OneSessionEndDependencies): AuthService['endSession'] {
  return async (call, { session_id: id, wait }) => {
    const cause = causeOfUser(call.request, call.caller.sub);
    const revoked = await endLiveSession(cause, {
      session: id,
      owner: call.caller.sub,
      reason: 'session_ended',
      action: 'session.ended',
    });
    if (revoked !== null) return await receipts.collect([revoked], wait);

    const { result, revocations } = await withChange(cause, async (change) => {
      await lockOwner(change, call.caller.sub);
      const ended = await endSession(change, id, call.caller.sub, 'session_ended');
      if (ended === null) throw new Refusal('not_found');
      await change.audit({
        action: 'session.ended',
        target: { kind: 'session', id },
        detail: { changed: 'now' in ended },
      });
      return ended;
    });
    return 'before' in result
      ? await receipts.again(result.before, wait)
      : await receipts.collect(revocations, wait);
  };
}
