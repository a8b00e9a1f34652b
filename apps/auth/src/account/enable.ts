import type { Administration } from '@portcullis/api';
import { eq } from 'drizzle-orm';
import { causeOfUser } from '../change/cause.ts';
import { users } from '../database/schema/index.ts';
import { accountOfRow } from '../users/account-of-row.ts';
import { lockAccount, withClientDetail } from '../administration/acting-administrator.ts';
import { NEXT_CREDENTIAL } from '../users/credential.ts';
import type { AdministrationDependencies } from './disable.ts';

/**
 * Lets a disabled account log in again. Its old tokens and sessions stay dead, and so does what was asked
 * for by mail, before it was disabled or since.
 */
export function createEnable({
  withChange,
}: Pick<AdministrationDependencies, 'withChange'>): Administration['accounts']['enable'] {
  return async (call, { user_id: id, actor }) => {
    const cause = causeOfUser(call.request, actor);
    const { result } = await withChange(cause, async ({ tx, publish, audit }) => {
      const { account: before } = await lockAccount(tx, actor, id, call.permission);
      const changed = before.status === 'disabled';
      await audit(
        withClientDetail(call, {
          action: call.audit,
          target: { kind: 'user', id },
          detail: { changed },
        }),
      );
      if (!changed) return before;
      await tx
        .update(users)
        .set({ status: 'active', ...NEXT_CREDENTIAL })
        .where(eq(users.id, id));
      await publish({ type: 'enabled', user_id: id });
      return { ...before, status: 'active' as const };
    });
    return { user: accountOfRow(result) };
  };
}
