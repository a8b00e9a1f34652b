import { eq, sql } from 'drizzle-orm';
import type { Database } from '../database/database.ts';
import { users } from '../database/schema/index.ts';
import type { PasswordHasher } from '../password/password-hasher.ts';

export interface CheckCredentialsDependencies {
  database: Database;
  hasher: Pick<PasswordHasher, 'verify'>;
}

/** What a password is checked against. */
const checkedFields = {
  id: users.id,
  passwordHash: users.passwordHash,
  generation: users.generation,
  status: users.status,
  emailVerifiedAt: users.emailVerifiedAt,
};

/** As it was when the password was checked; another one by the time that the session is opened, perhaps. */
export type CheckedUser = Pick<typeof users.$inferSelect, keyof typeof checkedFields>;

/** @returns undefined for a wrong password, and for an account that is none */
export type CheckCredentials = (
  account: string,
  password: string,
) => Promise<CheckedUser | undefined>;

/** The second step of a login: whose password it is. Takes as long for an account that is none. */
export function createCheckCredentials({
  database,
  hasher,
}: CheckCredentialsDependencies): CheckCredentials {
  const accountByKey = database
    .select(checkedFields)
    .from(users)
    .where(eq(users.emailKey, sql.placeholder('account')))
    .prepare('account_by_key');

  return async (account, password) => {
    const [found] = await accountByKey.execute({ account });
    const holds = await hasher.verify(found?.passwordHash ?? null, password);
    return holds ? found : undefined;
  };
}
