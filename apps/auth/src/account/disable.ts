import type { Administration } from '@portcullis/api';
import { causeOfUser } from '../change/cause.ts';
import type { WithChange } from '../change/unit-of-work.ts';
import type { Receipts } from '../revocation/receipts.ts';
import { accountOfRow } from '../users/account-of-row.ts';
import {
  lockAccount,
  lockAdministrators,
  requireAnAdministrator,
  withClientDetail,
} from '../administration/acting-administrator.ts';
import { NEXT_CREDENTIAL } from '../users/credential.ts';
import { revokeAccess } from '../session/revoke-access.ts';

export interface AdministrationDependencies {
  withChange: WithChange;
  receipts: Receipts;
}

/** Dependencies of the verbs that may remove the last administrator. */
export interface RemovalDependencies extends AdministrationDependencies {
  /** What a login demands, so that who cannot log in is not counted. */
  requireVerifiedEmail: boolean;
}

/**
 * Ends all access of an account until it is enabled again, and permanently voids what was asked for by
 * mail. Doing it twice changes nothing.
 */
export function createDisable({
  withChange,
  receipts,
  requireVerifiedEmail,
}: RemovalDependencies): Administration['accounts']['disable'] {
  return async (call, { user_id: id, actor, wait }) => {
    const cause = causeOfUser(call.request, actor);
    const { result, revocations } = await withChange(cause, async (change) => {
      await lockAdministrators(change.tx);
      const { account: before } = await lockAccount(change.tx, actor, id, call.permission);
      const changed = before.status === 'active';
      await change.audit(
        withClientDetail(call, {
          action: call.audit,
          target: { kind: 'user', id },
          detail: { changed },
        }),
      );
      if (!changed) return before;
      const after = await revokeAccess(change, id, 'sessions', 'account_disabled', {
        status: 'disabled',
        ...NEXT_CREDENTIAL,
      });
      await requireAnAdministrator(change.tx, { before, after }, requireVerifiedEmail);
      await change.publish({ type: 'disabled', user_id: id });
      return after;
    });
    return {
      user: accountOfRow(result),
      receipt: revocations.length === 0 ? null : await receipts.collect(revocations, wait),
    };
  };
}
