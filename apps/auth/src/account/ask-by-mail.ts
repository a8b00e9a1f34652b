/**
 * What any client may ask for with an address alone. Nothing here looks whether the address belongs to
 * an account: the same is done and answered for all, and the mail's recipient is looked up when it is
 * sent.
 */
import type { AuthService } from '@portcullis/api';
import type { MailByAddress } from '../database/schema/mail.ts';
import type { Limits } from '../limits/limits.ts';
import { causeOf } from '../change/cause.ts';
import type { WithChange } from '../change/unit-of-work.ts';
import { plainAddress } from '../users/plain-address.ts';

export interface AskByMailDependencies {
  withChange: WithChange;
  limits: Limits;
}

/** @param action for the audit trail, where the mail leads to the account that it was sent to */
export function createAskByMail(
  { withChange, limits }: AskByMailDependencies,
  kind: MailByAddress,
  action: string,
): AuthService['forgotPassword'] {
  return async ({ request }, input) => {
    await limits.mail(request.address);
    const { email } = plainAddress(input.email);
    const cause = causeOf(request, { kind: 'system', id: 'anonymous' });
    await withChange(cause, async (change) => {
      const id = await change.mail({ kind, address: email });
      await change.audit({ action, target: { kind: 'mail', id } });
    });
  };
}
