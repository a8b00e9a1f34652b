import type { AuthService } from '@portcullis/api';
import { Refusal } from '@portcullis/contracts';
import { causeOfUser } from '../change/cause.ts';
import { lockUser } from '../users/lock-user.ts';
import { requireRecentLogin } from '../session/recent-login.ts';
import { loginDemandOf, type Factors } from '../login/factor.ts';
import type { AskByMailDependencies } from './ask-by-mail.ts';
import { plainAddress } from '../users/plain-address.ts';

/**
 * Asks for another address: the new one gets a link, the old one a notice. Nothing changes before the
 * link is used, and the answer does not say whether the address belongs to another account.
 */
export function createChangeEmail({
  withChange,
  limits,
  factors,
}: AskByMailDependencies & { factors: Factors }): AuthService['changeEmail'] {
  return async (call, input) => {
    const { sub: id, sid } = call.caller;
    await limits.mail(call.request.address);
    const { email, key } = plainAddress(input.email);
    const demand = await loginDemandOf(factors, id);
    await withChange(causeOfUser(call.request, id), async (change) => {
      const user = await lockUser(change.tx, id);
      if (user?.status !== 'active' || user.email === null) throw new Refusal('invalid_token');
      await requireRecentLogin(change.tx, sid, demand);
      if (key === user.emailKey) {
        const message = 'This is the address of the account already.';
        throw new Refusal('invalid_request', { issues: [{ path: 'email', message }] });
      }
      await change.mail({ kind: 'confirm-email-change', address: email, userId: id });
      await change.mail({ kind: 'email-change-requested', address: user.email, userId: id });
      await change.audit({
        action: 'account.email-change-requested',
        target: { kind: 'user', id },
      });
    });
  };
}
