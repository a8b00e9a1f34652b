/** Administrators that come from the operator and not from another administrator. */
import { newId, problemWithAddress } from '@portcullis/contracts';
import { eq, sql } from 'drizzle-orm';
import type { Database, Transaction } from '../database/database.ts';
import { users } from '../database/schema/index.ts';
import type { Cause, WithChange } from '../change/unit-of-work.ts';
import { hasAdministrator, lockAdministrators } from '../administration/acting-administrator.ts';
import { emailKey } from '../users/email-key.ts';
import { problemWith, normalisePassword } from '../password/password-policy.ts';
import type { PasswordHasher } from '../password/password-hasher.ts';

export interface CreateAdministratorDependencies {
  database: Database;
  withChange: WithChange;
  hasher: PasswordHasher;
}

export interface WantedAdministrator {
  email: string;
  password: string;
}

/**
 * - `exists`: there is an administrator by that address; nothing was changed, nor was the password.
 * - `not-first`: another administrator can log in, and only the first one was wanted.
 * - `taken`: the address belongs to an account that is not an administrator. It is not made one: its
 *   password was chosen by the client that registered it.
 */
export type Created = 'created' | 'exists' | 'not-first' | 'taken';

export interface AdministratorOptions {
  onlyFirst: boolean;
  /** What a login demands, for `onlyFirst`. */
  requireVerifiedEmail?: boolean;
}

/** What the operator has to change; names the variable, repeats no value. */
export class UnusableAdministrator extends Error {
  override readonly name = 'UnusableAdministrator';
}

const BY_OPERATOR: Cause = {
  actor: { kind: 'system', id: 'operator' },
  requestId: 'create-administrator',
  address: null,
};

/**
 * Makes an administrator whose address counts as verified. Idempotent, and safe when several
 * instances start at once.
 *
 * @param onlyFirst makes none while there is an administrator who can log in: one that others have
 *   removed must not come back with the next restart
 */
export async function createAdministrator(
  { database, withChange, hasher }: CreateAdministratorDependencies,
  wanted: WantedAdministrator,
  { onlyFirst, requireVerifiedEmail = false }: AdministratorOptions,
): Promise<Created> {
  const email = wanted.email.trim();
  const unusable = problemWithAddress(email);
  const key = emailKey(email);
  if (unusable !== null || key === null) {
    throw new UnusableAdministrator(`PORTCULLIS_ADMIN_EMAIL: ${unusable ?? 'not an address'}`);
  }
  const reasonAgainst = (tx: Transaction) =>
    reasonNotToCreate(
      tx,
      key,
      async () => onlyFirst && (await hasAdministrator(tx, requireVerifiedEmail)),
    );
  const before = await database.transaction(reasonAgainst);
  if (before !== null) return before;
  // One that is not used, as at most starts, is not judged.
  const owner = { emailKey: key, name: null };
  const problem = await problemWith(normalisePassword(wanted.password), owner);
  if (problem !== null) throw new UnusableAdministrator(`PORTCULLIS_ADMIN_PASSWORD: ${problem}`);
  const passwordHash = await hasher.hash(wanted.password);
  const { result } = await withChange(BY_OPERATOR, async ({ tx, publish, audit }) => {
    await lockAdministrators(tx);
    const id = newId('usr');
    let outcome = await reasonAgainst(tx);
    if (outcome === null) {
      // A registration of the same address does not take the lock.
      const made = await tx
        .insert(users)
        .values({
          id,
          email,
          emailKey: key,
          passwordHash,
          roles: ['admin'],
          emailVerifiedAt: sql`clock_timestamp()`,
        })
        .onConflictDoNothing({ target: users.emailKey })
        .returning({ id: users.id });
      outcome = made.length > 0 ? 'created' : 'taken';
    }
    if (outcome === 'created') {
      await publish({ type: 'registered', user_id: id, email, name: null });
    }
    await audit({
      action: 'account.administrator-created',
      target: { kind: 'user', id },
      detail: { outcome },
    });
    return outcome;
  });
  return result;
}

/** Why no administrator is to be made, or null. */
async function reasonNotToCreate(
  tx: Transaction,
  key: string,
  isSecond: () => Promise<boolean>,
): Promise<Created | null> {
  const [known] = await tx.select().from(users).where(eq(users.emailKey, key));
  if (known !== undefined) return known.roles.includes('admin') ? 'exists' : 'taken';
  return (await isSecond()) ? 'not-first' : null;
}
