import type { AuthService } from '@portcullis/api';
import { sql } from 'drizzle-orm';
import { findLink, useLink } from '../link/link.ts';
import type { Limits } from '../limits/limits.ts';
import type { Database } from '../database/database.ts';
import { users } from '../database/schema/index.ts';
import { causeOfUser } from '../change/cause.ts';
import type { WithChange } from '../change/unit-of-work.ts';
import type { Receipts } from '../revocation/receipts.ts';
import { accountById } from '../users/account-by-id.ts';
import type { PasswordPolicy } from '../password/password-policy.ts';
import type { PasswordHasher } from '../password/password-hasher.ts';
import { setPassword } from './set-password.ts';

export interface ResetPasswordDependencies {
  database: Database;
  withChange: WithChange;
  receipts: Receipts;
  hasher: PasswordHasher;
  judge: PasswordPolicy;
  limits: Limits;
}

/** Sets a new password for the reader of the mailbox, whose address is verified thereby. */
export function createResetPassword({
  database,
  withChange,
  receipts,
  hasher,
  judge,
  limits,
}: ResetPasswordDependencies): AuthService['resetPassword'] {
  return async ({ request }, { token, password, wait }) => {
    // A wrong token is not worth a hash. It is used up after that, and checked once more.
    const { userId: id } = await findLink(database, token, ['reset-password']);
    await judge(password, await accountById(database, id));
    const passwordHash = await hasher.hash(password);
    const cause = causeOfUser(request, id);
    const { result: key, revocations } = await withChange(cause, async (change) => {
      const { user } = await useLink(change.tx, token, ['reset-password']);
      await setPassword(change, user, passwordHash, {
        emailVerifiedAt: sql`coalesce(${users.emailVerifiedAt}, clock_timestamp())`,
      });
      await change.audit({ action: 'account.password-reset', target: { kind: 'user', id } });
      return user.emailKey;
    });
    if (key !== null) await limits.provedMailbox(request.address, key);
    return await receipts.collect(revocations, wait);
  };
}
