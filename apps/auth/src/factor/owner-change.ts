import type { UserCall } from '@portcullis/api';
import { causeOfUser } from '../change/cause.ts';
import type { Change, Changed, WithChange } from '../change/unit-of-work.ts';
import type { Database } from '../database/database.ts';
import { loginDemandOf, type Factors } from '../login/factor.ts';
import { requireRecentLogin } from '../session/recent-login.ts';
import { accountById, type ActiveAccount } from '../users/account-by-id.ts';
import { lockUser } from '../users/lock-user.ts';

export interface OwnerChangeDependencies {
  database: Database;
  withChange: WithChange;
  factors: Factors;
}

/** What an owner changes of the factors of an account: by a recent login, which was by a factor where the account has one. */
export interface OwnerChanges {
  /**
   * Only looks whether the login will do.
   *
   * @throws Refusal `login_too_weak`, `login_too_old` or `invalid_token`
   */
  require(call: UserCall): Promise<void>;
  /**
   * Under the lock of the account's row.
   *
   * @throws the same, and whatever `work` throws
   */
  make<T>(
    call: UserCall,
    work: (change: Change, owner: ActiveAccount) => Promise<T>,
  ): Promise<Changed<T>>;
}

export function createOwnerChanges({
  database,
  withChange,
  factors,
}: OwnerChangeDependencies): OwnerChanges {
  return {
    async require({ caller: { sub: id, sid } }) {
      await requireRecentLogin(database, sid, await loginDemandOf(factors, id));
    },
    async make(call, work) {
      const { sub: id, sid } = call.caller;
      const demand = await loginDemandOf(factors, id);
      return await withChange(causeOfUser(call.request, id), async (change) => {
        await lockUser(change.tx, id);
        const owner = await accountById(change.tx, id);
        await requireRecentLogin(change.tx, sid, demand);
        return await work(change, owner);
      });
    },
  };
}
