import type { AccountAdministration } from '@portcullis/api';
import { causeOfUser } from '../change/cause.ts';
import { knownRoles, accountOfRow } from '../users/account-of-row.ts';
import {
  lockAccount,
  lockAdministrators,
  requireAnAdministrator,
  through,
} from '../administration/acting-administrator.ts';
import { cutOff } from '../session/cut-off.ts';
import type { RemovalDependencies } from './disable.ts';

/**
 * Replaces the roles of an account. Tokens with the old roles stop working at once, and are answered
 * `token_stale`; the sessions live on, so that a refresh gives a token with the new ones.
 */
export function createSetRoles({
  makeChange,
  receipts,
  requireVerifiedEmail,
}: RemovalDependencies): AccountAdministration['setRoles'] {
  return async (call, { user_id: id, actor, roles, wait }) => {
    const wanted = [...new Set(roles)].toSorted();
    const cause = causeOfUser(call.request, actor);
    const { result, revocations } = await makeChange(cause, async (change) => {
      await lockAdministrators(change.tx);
      const before = await lockAccount(change.tx, actor, id, 'roles:write');
      const held = knownRoles(before.roles).toSorted();
      const changed = held.join() !== wanted.join();
      await change.audit(
        through(call, {
          action: 'account.roles-changed',
          target: { kind: 'user', id },
          detail: { changed, from: held, to: wanted },
        }),
      );
      if (!changed) return before;
      const after = await cutOff(change, id, 'claims', 'token_claims_change', { roles: wanted });
      await requireAnAdministrator(change.tx, { before, after }, requireVerifiedEmail);
      await change.announce({ type: 'roles-changed', user_id: id, roles: wanted });
      return after;
    });
    return {
      user: accountOfRow(result),
      receipt: revocations.length === 0 ? null : await receipts.collect(revocations, wait),
    };
  };
}
