import type { AuthService } from '@portcullis/api';
import { Refusal } from '@portcullis/contracts';
import { causeOfUser } from '../change/cause.ts';
import { checkPassword } from '../login/check-password.ts';
import { loginDemandOf, type Factors } from '../login/factor.ts';
import { lockUser } from '../users/lock-user.ts';
import { requireRecentLogin } from '../session/recent-login.ts';
import { accountById } from '../users/account-by-id.ts';
import type { ResetPasswordDependencies } from './reset-password.ts';
import { setPassword } from './set-password.ts';

/**
 * Changes the caller's password. Both are asked for, a recent login and the password itself: a token
 * that was stolen, or a screen that was left open, is not enough (OWASP ASVS 5.0, 6.2.3 and 7.5.1).
 */
export function createChangePassword({
  database,
  withChange,
  receipts,
  hasher,
  limits,
  judge,
  factors,
}: ResetPasswordDependencies & { factors: Factors }): AuthService['changePassword'] {
  return async (call, { current_password: current, new_password: next, wait }) => {
    const { sub: id, sid } = call.caller;
    const demand = await loginDemandOf(factors, id);
    await requireRecentLogin(database, sid, demand);
    const checked = await accountById(database, id);
    await checkPassword({ database, hasher, limits }, call.request.address, checked, current);
    await judge(next, checked, 'new_password');
    const passwordHash = await hasher.hash(next);
    const cause = causeOfUser(call.request, id);
    const { revocations } = await withChange(cause, async (change) => {
      const user = await lockUser(change.tx, id);
      if (user?.status !== 'active') throw new Refusal('invalid_token');
      // All of it once more, now that nothing can come in between.
      await requireRecentLogin(change.tx, sid, demand);
      if (user.credentialVersion !== checked.credentialVersion) {
        throw new Refusal('invalid_credentials');
      }
      await setPassword(change, user, passwordHash);
      await change.audit({ action: 'account.password-changed', target: { kind: 'user', id } });
    });
    return await receipts.collect(revocations, wait);
  };
}
