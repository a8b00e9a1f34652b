import type { AuthService } from '@portcullis/api';
import { Refusal } from '@portcullis/contracts';
import { revokeAccess } from './revoke-access.ts';
import { causeOfUser } from '../change/cause.ts';
import { endOtherSessions } from './end-sessions.ts';
import { lockUser } from '../users/lock-user.ts';
import type { SessionEndDependencies } from './log-out.ts';

/** Ends every session of the caller by one cut, or all but the caller's own one by one. */
export function createLogOutAll({
  withChange,
  receipts,
}: SessionEndDependencies): AuthService['logOutAll'] {
  return async (call, { keep_current: keepCurrent, wait }) => {
    const { sub: id, sid, gen } = call.caller;
    const target = { kind: 'user', id };
    const cause = causeOfUser(call.request, id);
    const { revocations } = await withChange(cause, async (change) => {
      const user = await lockUser(change.tx, id);
      // The token was checked before the lock was had. Whether the session still lives, a refresh will
      // show.
      if (user?.status !== 'active') {
        throw new Refusal('invalid_token', { reason: 'subject_revoked' });
      }
      if (user.generation > gen) throw new Refusal('token_stale', { reason: 'claims_changed' });
      if (keepCurrent) {
        const count = await endOtherSessions(change, id, sid, 'logout_all');
        const detail = { kept: sid, ended: count };
        await change.audit({ action: 'session.others-logged-out', target, detail });
      } else {
        await revokeAccess(change, id, 'sessions', 'logout_all');
        await change.audit({ action: 'session.all-logged-out', target });
      }
    });
    return await receipts.collect(
      revocations,
      wait,
      keepCurrent ? { kind: 'sessions', id } : undefined,
    );
  };
}
