import { Refusal } from '@portcullis/contracts';
import type { ActiveAccount } from '../users/account-by-id.ts';
import type { PasswordHasher } from '../password/password-hasher.ts';
import type { Database } from '../database/database.ts';
import { isKnownNetwork } from './is-known-network.ts';
import type { Limits } from '../limits/limits.ts';

export interface CheckPasswordDependencies {
  database: Database;
  hasher: Pick<PasswordHasher, 'verify'>;
  limits: Limits;
}

/**
 * Whether a user who is logged in already knows the account's password too. Counted as a login is.
 *
 * @throws Refusal `invalid_credentials`, `rate_limited` or `overloaded`
 */
export async function checkPassword(
  { database, hasher, limits }: CheckPasswordDependencies,
  address: string,
  { emailKey, passwordHash }: ActiveAccount,
  password: string,
): Promise<void> {
  await limits.login(address, emailKey, () => isKnownNetwork(database, emailKey, address));
  const holds = await limits.refundOnAbort(address, emailKey, () =>
    hasher.verify(passwordHash, password),
  );
  if (!holds) {
    await limits.wrongPassword(emailKey);
    throw new Refusal('invalid_credentials');
  }
  await limits.loggedIn(address, emailKey).catch(() => undefined);
}
