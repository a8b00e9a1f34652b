import type { AccountAdministration } from '@portcullis/api';
import { causeOfUser } from '../change/cause.ts';
import { lockAccount, through } from '../administration/acting-administrator.ts';
import { cutOff } from '../session/cut-off.ts';
import type { AdministrationDependencies } from './disable.ts';

/** Ends every session of an account. Its owner may log in again at once. */
export function createLogUserOut({
  makeChange,
  receipts,
}: AdministrationDependencies): AccountAdministration['logOut'] {
  return async (call, { user_id: id, actor, wait }) => {
    const { revocations } = await makeChange(causeOfUser(call.request, actor), async (change) => {
      await lockAccount(change.tx, actor, id, 'sessions:revoke');
      await cutOff(change, id, 'sessions', 'administrator');
      await change.audit(
        through(call, { action: 'account.logged-out', target: { kind: 'user', id } }),
      );
    });
    return await receipts.collect(revocations, wait);
  };
}
