import { and, eq } from 'drizzle-orm';
import type { Database } from '../database/database.ts';
import { users } from '../database/schema/index.ts';
import type { PasswordHasher } from '../password/password-hasher.ts';
import type { CheckedUser } from './check-credentials.ts';

export interface RenewHashDependencies {
  database: Database;
  hasher: Pick<PasswordHasher, 'outdated' | 'hash'>;
}

/** After the parameters were raised, at the only moment at which the password is known. */
export async function renewHash(
  { database, hasher }: RenewHashDependencies,
  user: CheckedUser,
  password: string,
): Promise<void> {
  if (user.passwordHash === null || !hasher.outdated(user.passwordHash)) return;
  const passwordHash = await hasher.hash(password);
  await database
    .update(users)
    .set({ passwordHash })
    .where(and(eq(users.id, user.id), eq(users.passwordHash, user.passwordHash)));
}
