/**
 * Seals anew, under the present key-encryption key, what was sealed under the other one.
 *
 * At every start. Instances may do it at once, and while others serve: each row changes from one
 * envelope of the same content to another, and an instance with both keys opens either.
 */
import type { UserId } from '@portcullis/contracts';
import { and, asc, eq, gt } from 'drizzle-orm';
import type { Database } from '../database/database.ts';
import { sealedSecrets, signingKeys, totpFactors } from '../database/schema/index.ts';
import { MAX_TOKEN_SECONDS, TOKEN_MARGIN_SECONDS } from '../timing/lifetimes.ts';
import type { Seal } from './seal.ts';
import { readKeys } from './signing-key.ts';
import { closeTotpSecret, openTotpSecret } from './totp-seal.ts';

/** Rows that are read at once. */
const AT_ONCE = 500;

/**
 * @returns how many were sealed anew
 * @throws SealError when something was sealed with neither key
 */
export async function reseal(database: Database, seal: Seal): Promise<number> {
  let count = 0;
  const again = (name: string, envelope: Buffer) => seal.close(name, seal.open(name, envelope));

  // Keys that are not needed any more stay as they are.
  const keys = await readKeys(database, MAX_TOKEN_SECONDS + TOKEN_MARGIN_SECONDS);
  for (const { kid, sealedPrivateKey } of keys) {
    if (seal.isCurrent(sealedPrivateKey)) continue;
    await database
      .update(signingKeys)
      .set({ sealedPrivateKey: again(kid, sealedPrivateKey) })
      .where(and(eq(signingKeys.kid, kid), eq(signingKeys.sealedPrivateKey, sealedPrivateKey)));
    count += 1;
  }
  for (const { name, sealed } of await database.select().from(sealedSecrets)) {
    if (seal.isCurrent(sealed)) continue;
    await database
      .update(sealedSecrets)
      .set({ sealed: again(name, sealed) })
      .where(and(eq(sealedSecrets.name, name), eq(sealedSecrets.sealed, sealed)));
    count += 1;
  }
  return count + (await resealTotp(database, seal));
}

async function resealTotp(database: Database, seal: Seal): Promise<number> {
  let count = 0;
  let after: UserId | undefined;
  for (;;) {
    const rows = await database
      .select({ user: totpFactors.userId, sealed: totpFactors.sealedSecret })
      .from(totpFactors)
      .where(after === undefined ? undefined : gt(totpFactors.userId, after))
      .orderBy(asc(totpFactors.userId))
      .limit(AT_ONCE);
    for (const { user, sealed } of rows) {
      if (seal.isCurrent(sealed)) continue;
      const sealedSecret = closeTotpSecret(seal, user, openTotpSecret(seal, user, sealed));
      await database
        .update(totpFactors)
        .set({ sealedSecret })
        .where(and(eq(totpFactors.userId, user), eq(totpFactors.sealedSecret, sealed)));
      count += 1;
    }
    after = rows.at(-1)?.user;
    if (rows.length < AT_ONCE) return count;
  }
}
