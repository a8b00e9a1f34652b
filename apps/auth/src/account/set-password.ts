import type { PgUpdateSetSource } from 'drizzle-orm/pg-core';
import type { users } from '../database/schema/index.ts';
import type { Change } from '../change/unit-of-work.ts';
import { NEXT_CREDENTIAL } from '../users/credential.ts';
import { revokeAccess } from '../session/revoke-access.ts';

type UserRow = typeof users.$inferSelect;

/**
 * Gives an account, whose row is held, another password: every session, every link and every
 * waiting mail ends with the old one, and the owner gets a notice.
 */
export async function setPassword(
  change: Change,
  user: UserRow,
  passwordHash: string,
  state: Pick<PgUpdateSetSource<typeof users>, 'emailVerifiedAt'> = {},
): Promise<void> {
  await revokeAccess(change, user.id, 'sessions', 'credential_change', {
    ...state,
    passwordHash,
    ...NEXT_CREDENTIAL,
  });
  if (user.email === null) return;
  await change.mail({ kind: 'password-changed', address: user.email, userId: user.id });
}
