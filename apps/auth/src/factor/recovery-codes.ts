/** Recovery codes: for who has lost the authenticator app. Shown once, kept as hashes, each good once. */
import type { UserId } from '@portcullis/contracts';
import { eq } from 'drizzle-orm';
import { createHash, randomBytes } from 'node:crypto';
import type { Transaction } from '../database/database.ts';
import { recoveryCodes } from '../database/schema/index.ts';
import { encodeBase32, plainBase32 } from './base32.ts';

const CODES = 10;
/** 120 bits: more than the 112 from which on a plain hash will do (NIST SP 800-63B-4, section 3.1.2.2). */
const BYTES = 15;
/** Characters between two hyphens. */
const GROUP = 4;
const FORM = /^[A-Z2-7]{24}$/;

/**
 * New codes in the place of all that there were. The caller holds the user's row.
 *
 * @returns the codes, which are known to no one after this
 */
export async function replaceRecoveryCodes(tx: Transaction, user: UserId): Promise<string[]> {
  await forgetRecoveryCodes(tx, user);
  const plain = Array.from({ length: CODES }, () => encodeBase32(randomBytes(BYTES)));
  await tx
    .insert(recoveryCodes)
    .values(plain.map((code) => ({ userId: user, codeHash: hashOf(code) })));
  return plain.map((code) => code.match(new RegExp(`.{${GROUP}}`, 'g'))?.join('-') ?? code);
}

export async function forgetRecoveryCodes(tx: Transaction, user: UserId): Promise<void> {
  await tx.delete(recoveryCodes).where(eq(recoveryCodes.userId, user));
}

/** @param text as the user typed it: small letters, spaces and hyphens are taken @returns null for what no code looks like */
export function hashOfRecoveryCode(text: string): Buffer | null {
  const plain = plainBase32(text);
  return FORM.test(plain) ? hashOf(plain) : null;
}

function hashOf(plain: string): Buffer {
  return createHash('sha256').update(plain).digest();
}
