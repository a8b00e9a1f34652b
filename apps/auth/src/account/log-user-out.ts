import type { AccountAdministration } from '@portcullis/api';
import { causeOfUser } from '../change/cause.ts';
import { lockAccount, withClientDetail } from '../administration/acting-administrator.ts';
import { revokeAccess } from '../session/revoke-access.ts';
import type { AdministrationDependencies } from './disable.ts';

/** Ends every session of an account. Its owner may log in again at once. */
export function createLogUserOut({
  withChange,
  receipts,
}: AdministrationDependencies): AccountAdministration['logOut'] {
  return async (call, { user_id: id, actor, wait }) => {
    const { revocations } = await withChange(causeOfUser(call.request, actor), async (change) => {
      await lockAccount(change.tx, actor, id, 'sessions:revoke');
      await revokeAccess(change, id, 'sessions', 'administrator');
      await change.audit(
        withClientDetail(call, { action: 'account.logged-out', target: { kind: 'user', id } }),
      );
    });
    return await receipts.collect(revocations, wait);
  };
}
