import { Refusal } from '@portcullis/contracts';
import type { CheckedUser } from './check-credentials.ts';

export interface AccountPolicy {
  requireVerifiedEmail: boolean;
}

/**
 * The third step of a login: whether the account may be used.
 *
 * The answer is the same for all: it does not say that an account exists and is disabled, or waits for
 * its owner to verify the address, since the client that asks may be an attacker's, and the user who
 * registered the address first may not be its owner.
 *
 * @throws Refusal `invalid_credentials`
 */
export function requireActiveAccount(
  user: CheckedUser | undefined,
  { requireVerifiedEmail }: AccountPolicy,
): asserts user is CheckedUser {
  if (user === undefined) throw refused('unknown account or wrong password');
  if (user.status !== 'active') throw refused('the account is not active');
  if (requireVerifiedEmail && user.emailVerifiedAt === null) {
    throw refused('the address is not verified');
  }
}

function refused(reason: string): Refusal {
  return new Refusal('invalid_credentials', { cause: new Error(reason) });
}
