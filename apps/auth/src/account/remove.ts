import type { Administration } from '@portcullis/api';
import { causeOfUser } from '../change/cause.ts';
import {
  lockAccount,
  lockAdministrators,
  requireAnAdministrator,
  withClientDetail,
} from '../administration/acting-administrator.ts';
import { deleteAccount } from './delete-account.ts';
import type { RemovalDependencies } from './disable.ts';

/** Deletes an account for an administrator. */
export function createRemove({
  withChange,
  receipts,
  requireVerifiedEmail,
}: RemovalDependencies): Administration['accounts']['remove'] {
  return async (call, { user_id: id, actor, wait }) => {
    const { revocations } = await withChange(causeOfUser(call.request, actor), async (change) => {
      await lockAdministrators(change.tx);
      const { account: before } = await lockAccount(change.tx, actor, id, call.permission);
      if (actor === id) change.omitAddress();
      const after = await deleteAccount(change, id);
      await requireAnAdministrator(change.tx, { before, after }, requireVerifiedEmail);
      await change.audit(
        withClientDetail(call, { action: call.audit, target: { kind: 'user', id } }),
      );
    });
    return { deleted: id, receipt: await receipts.collect(revocations, wait) };
  };
}
