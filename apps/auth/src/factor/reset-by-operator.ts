import type { RevocationEvent } from '@portcullis/contracts';
import { eq } from 'drizzle-orm';
import type { Cause, WithChange } from '../change/unit-of-work.ts';
import { recoveryCodes, totpFactors, users } from '../database/schema/index.ts';
import { revokeAccess } from '../session/revoke-access.ts';
import { NEXT_CREDENTIAL } from '../users/credential.ts';
import { lockUser } from '../users/lock-user.ts';

const BY_OPERATOR: Cause = {
  actor: { kind: 'system', id: 'operator' },
  requestId: 'reset-factors',
  address: null,
};

/** What the operator asked for cannot be done. Repeats no address. */
export class NothingToReset extends Error {
  override readonly name = 'NothingToReset';
}

/**
 * Takes the authenticator app and the recovery codes off an account whose owner has lost both, and ends all of its sessions:
 * the next login takes the password alone. The owner gets a notice.
 *
 * @param key of the address (`emailKey`)
 * @returns what was revoked
 * @throws NothingToReset for no account, or one without an app; nothing has changed then
 */
export async function resetFactorsByOperator(
  withChange: WithChange,
  key: string,
): Promise<readonly RevocationEvent[]> {
  const { revocations } = await withChange(BY_OPERATOR, async (change) => {
    const { tx } = change;
    const [found] = await tx.select({ id: users.id }).from(users).where(eq(users.emailKey, key));
    const owner = found && (await lockUser(tx, found.id));
    // Another address, or deleted, while its row was waited for.
    if (owner === undefined || owner.email === null || owner.emailKey !== key) {
      throw new NothingToReset('no account has this address');
    }
    const { id, email } = owner;
    const apps = await tx
      .delete(totpFactors)
      .where(eq(totpFactors.userId, id))
      .returning({ confirmedAt: totpFactors.confirmedAt });
    await tx.delete(recoveryCodes).where(eq(recoveryCodes.userId, id));
    // One that waits for its first code is asked for by no login.
    if (apps.every(({ confirmedAt }) => confirmedAt === null)) {
      throw new NothingToReset('the account has no authenticator app');
    }
    await revokeAccess(change, id, 'sessions', 'administrator', NEXT_CREDENTIAL);
    await change.mail({ kind: 'factor-removed', address: email, userId: id });
    await change.audit({ action: 'account.factors-reset', target: { kind: 'user', id } });
  });
  return revocations;
}
