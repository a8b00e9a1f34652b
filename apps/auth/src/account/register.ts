import { newId, Refusal } from '@portcullis/contracts';
import type { AuthService } from '@portcullis/api';
import { eq } from 'drizzle-orm';
import type { Limits } from '../login/limits.ts';
import { users } from '../postgres/schema/index.ts';
import type { MakeChange } from '../revocation/change.ts';
import { emailKey } from './email-key.ts';
import { judgePassword } from './judge-password.ts';
import type { PasswordHasher } from './password-hasher.ts';

export interface RegisterDependencies {
  makeChange: MakeChange;
  hasher: PasswordHasher;
  limits: Limits;
}

/**
 * Makes an account. Answers the same, after the same work, whether or not the address is known:
 * otherwise this would be a register of who has an account (OWASP ASVS 5.0, 6.3.8).
 */
export function createRegister(dependencies: RegisterDependencies): AuthService['register'] {
  const { makeChange, hasher, limits } = dependencies;

  return async ({ request }, input) => {
    await limits.registration(request.address);
    const key = emailKey(input.email);
    if (key === null) {
      const message = 'Expected one plain e-mail address.';
      throw new Refusal('invalid_request', { issues: [{ path: 'email', message }] });
    }
    const name = input.name ?? null;
    judgePassword(input.password, { emailKey: key, name });
    const passwordHash = await hasher.hash(input.password);

    const id = newId('usr');
    const cause = {
      actor: { kind: 'user', id },
      requestId: request.requestId,
      address: request.address,
    } as const;
    await makeChange(cause, async ({ tx, announce, audit }) => {
      const email = input.email.trim();
      const made = await tx
        .insert(users)
        .values({ id, email, emailKey: key, name, passwordHash })
        .onConflictDoNothing({ target: users.emailKey })
        .returning({ id: users.id });
      if (made.length > 0) {
        await announce({ type: 'registered', user_id: id, email, name });
        await audit({ action: 'account.registered', target: { kind: 'user', id } });
        return;
      }
      // The stranger's password is forgotten here; the owner's account is not touched.
      const [known] = await tx.select({ id: users.id }).from(users).where(eq(users.emailKey, key));
      await audit({
        action: 'account.registration-repeated',
        target: { kind: 'user', id: known?.id ?? id },
      });
    });
  };
}
