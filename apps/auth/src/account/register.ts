import { newId } from '@portcullis/contracts';
import type { AuthService } from '@portcullis/api';
import { eq } from 'drizzle-orm';
import type { Limits } from '../limits/limits.ts';
import { noSooner } from '../timing/no-sooner.ts';
import { users } from '../database/schema/index.ts';
import { causeOfUser } from '../change/cause.ts';
import type { Change, MakeChange } from '../change/change.ts';
import type { JudgePassword } from '../password/judge-password.ts';
import type { PasswordHasher } from '../password/password-hasher.ts';
import { plainAddress } from '../users/plain-address.ts';

/** Milliseconds, several times what the transaction takes. */
const SAME_FOR_ALL_MS = 100;

export interface RegisterDependencies {
  makeChange: MakeChange;
  hasher: PasswordHasher;
  limits: Limits;
  judge: JudgePassword;
}

/**
 * Makes an account. Answers the same, after the same work, whether or not the address is known:
 * otherwise this would be a register of who has an account (OWASP ASVS 5.0, 6.3.8).
 */
export function createRegister(dependencies: RegisterDependencies): AuthService['register'] {
  const { makeChange, hasher, limits, judge } = dependencies;

  return async ({ request }, input) => {
    await limits.registration(request.address);
    const { email, key } = plainAddress(input.email);
    const name = input.name ?? null;
    await judge(input.password, { emailKey: key, name });
    const passwordHash = await hasher.hash(input.password);

    const id = newId('usr');
    const cause = causeOfUser(request, id);
    const enter = async (change: Change): Promise<void> => {
      const { tx, announce, mail, audit } = change;
      const made = await tx
        .insert(users)
        .values({ id, email, emailKey: key, name, passwordHash })
        .onConflictDoNothing({ target: users.emailKey })
        .returning({ id: users.id });
      if (made.length > 0) {
        await mail({ kind: 'verify-email', address: email, userId: id });
        await announce({ type: 'registered', user_id: id, email, name });
        await audit({ action: 'account.registered', target: { kind: 'user', id } });
        return;
      }
      // The stranger's password is forgotten here; the owner's account is not touched, and told.
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
    await noSooner(SAME_FOR_ALL_MS, () => makeChange(cause, enter));
  };
}
