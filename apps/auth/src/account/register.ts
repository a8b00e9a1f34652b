import { newId } from '@portcullis/contracts';
import type { AuthService } from '@portcullis/api';
import { eq } from 'drizzle-orm';
import type { Limits } from '../limits/limits.ts';
import { withMinimumDuration } from '../timing/with-minimum-duration.ts';
import { users } from '../database/schema/index.ts';
import { causeOfUser } from '../change/cause.ts';
import type { Change, WithChange } from '../change/unit-of-work.ts';
import type { PasswordPolicy } from '../password/password-policy.ts';
import type { PasswordHasher } from '../password/password-hasher.ts';
import { plainAddress } from '../users/plain-address.ts';

/** Milliseconds, several times what the transaction takes. */
const SAME_FOR_ALL_MS = 100;

export interface RegisterDependencies {
  withChange: WithChange;
  hasher: PasswordHasher;
  limits: Limits;
  judge: PasswordPolicy;
}

/**
 * Makes an account. Answers the same, after the same work, whether or not the address is known:
 * otherwise this would be a register of who has an account (OWASP ASVS 5.0, 6.3.8).
 */
export function createRegister(dependencies: RegisterDependencies): AuthService['register'] {
  const { withChange, hasher, limits, judge } = dependencies;

  return async ({ request }, input) => {
    await limits.registration(request.address);
    const { email, key } = plainAddress(input.email);
    const name = input.name ?? null;
    await judge(input.password, { emailKey: key, name });
    const passwordHash = await hasher.hash(input.password);

    const id = newId('usr');
    const cause = causeOfUser(request, id);
    const enter = async (change: Change): Promise<void> => {
      const { tx, publish, mail, audit } = change;
      const made = await tx
        .insert(users)
        .values({ id, email, emailKey: key, name, passwordHash })
        .onConflictDoNothing({ target: users.emailKey })
        .returning({ id: users.id });
      if (made.length > 0) {
        await mail({ kind: 'verify-email', address: email, userId: id });
        await publish({ type: 'registered', user_id: id, email, name });
        await audit({ action: 'account.registered', target: { kind: 'user', id } });
        return;
      }
      // The password of this request is dropped; the owner's account is not touched, and the owner gets
      // a notice.
      const [known] = await tx.select().from(users).where(eq(users.emailKey, key)).for('share');
      // Deleted in between: the address is free.
      if (known === undefined) return await enter(change);
      if (known.email !== null) {
        await mail({ kind: 'already-registered', address: known.email, userId: known.id });
      }
      await audit({
        action: 'account.registration-repeated',
        target: { kind: 'user', id: known.id },
      });
    };
    // A new row costs more than a known one, and what follows its commit as well.
    await withMinimumDuration(SAME_FOR_ALL_MS, () => withChange(cause, enter));
  };
}
