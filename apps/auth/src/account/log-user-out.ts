import type { Administration } from '@portcullis/api';
import { causeOfUser } from '../change/cause.ts';
import { lockAccountToLogOut, withClientDetail } from '../administration/acting-administrator.ts';
import { refuseWhileOutdated, type OutdatedServices } from '../revocation/outdated-services.ts';
import { revokeAccess } from '../session/revoke-access.ts';
import { revokeClientAccess } from '../session/revoke-client-access.ts';
import type { AdministrationDependencies } from './disable.ts';

export interface LogUserOutDependencies extends AdministrationDependencies {
  outdatedServices: OutdatedServices;
}

/**
 * Ends every session of an account, or those that one client holds. Its owner may log in again at once.
 *
 * What one client holds is ended only where every verifier reads that: one of the release before would answer 503.
 */
export function createLogUserOut({
  withChange,
  receipts,
  outdatedServices,
}: LogUserOutDependencies): Administration['accounts']['logout'] {
  return async (call, { user_id: id, client_id: client, actor, wait }) => {
    // Not under the lock of the account: verifiers that have just started are waited for.
    const outdated = client === undefined ? [] : await outdatedServices('client_subject');
    const { revocations } = await withChange(causeOfUser(call.request, actor), async (change) => {
      await lockAccountToLogOut(change.tx, actor, id, call.permission);
      refuseWhileOutdated('client_subject', outdated);
      if (client === undefined) await revokeAccess(change, id, 'sessions', 'administrator');
      else await revokeClientAccess(change, id, client, 'administrator');
      await change.audit(
        withClientDetail(call, {
          action: client === undefined ? call.audit.everything : call.audit.client,
          target: { kind: 'user', id },
          ...(client === undefined ? {} : { detail: { held_by: client } }),
        }),
      );
    });
    return await receipts.collect(revocations, wait);
  };
}
