import type { Administration } from '@portcullis/api';
import { causeOfUser } from '../change/cause.ts';
import { knownRoles, accountOfRow } from '../users/account-of-row.ts';
import {
  lockAccount,
  lockAdministrators,
  requireAnAdministrator,
  withClientDetail,
} from '../administration/acting-administrator.ts';
import { revokeAccess } from '../session/revoke-access.ts';
import type { RemovalDependencies } from './disable.ts';

/**
 * Replaces the roles of an account. Tokens with the old roles stop working at once, and are answered
 * `token_stale`; the sessions live on, so that a refresh gives a token with the new ones.
 */
export function createSetRoles({
  withChange,
  receipts,
  requireVerifiedEmail,
}: RemovalDependencies): Administration['accounts']['setRoles'] {
  return async (call, { user_id: id, actor, roles, wait }) => {
    const wanted = [...new Set(roles)].toSorted();
    const cause = causeOfUser(call.request, actor);
    const { result, revocations } = await withChange(cause, async (change) => {
      await lockAdministrators(change.tx);
      const before = await lockAccount(change.tx, actor, id, call.permission);
      const held = knownRoles(before.roles).toSorted();
      const changed = held.join() !== wanted.join();
      await change.audit(
        withClientDetail(call, {
          action: call.audit,
          target: { kind: 'user', id },
          detail: { changed, from: held, to: wanted },
        }),
      );
      if (!changed) return before;
      const after = await revokeAccess(change, id, 'claims', 'token_claims_change', {
        roles: wanted,
      });
      await requireAnAdministrator(change.tx, { before, after }, requireVerifiedEmail);
      await change.publish({ type: 'roles-changed', user_id: id, roles: wanted });
      return after;
    });
    return {
      user: accountOfRow(result),
      receipt: revocations.length === 0 ? null : await receipts.collect(revocations, wait),
    };
  };
}
