import type { AccountAdministration } from '@portcullis/api';
import { causeOfUser } from '../change/cause.ts';
import { lockAccount, withClientDetail } from '../administration/acting-administrator.ts';
import { revokeAccess } from '../session/revoke-access.ts';
import { revokeClientAccess } from '../session/revoke-client-access.ts';
import type { AdministrationDependencies } from './disable.ts';

/**
 * Ends every session of an account, or those that one client holds. Its owner may log in again at once.
 */
export function createLogUserOut({
  withChange,
  receipts,
}: AdministrationDependencies): AccountAdministration['logOut'] {
  return async (call, { user_id: id, client_id: client, actor, wait }) => {
    const { revocations } = await withChange(causeOfUser(call.request, actor), async (change) => {
      await lockAccount(change.tx, actor, id, 'sessions:revoke');
      if (client === undefined) await revokeAccess(change, id, 'sessions', 'administrator');
      else await revokeClientAccess(change, id, client, 'administrator');
      await change.audit(
        withClientDetail(call, {
          action: client === undefined ? 'account.logged-out' : 'account.client-logged-out',
          target: { kind: 'user', id },
          ...(client === undefined ? {} : { detail: { held_by: client } }),
        }),
      );
    });
    return await receipts.collect(revocations, wait);
  };
}
