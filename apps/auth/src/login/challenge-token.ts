/**
 * The token of a challenge: the client that holds it has proved the password already.
 *
 *   plc_ <43: base64url of 32 random bytes>
 *
 * What is stored is its SHA-256, for which 256 random bits need no salt.
 */
import { createHash, randomBytes } from 'node:crypto';

const FORM = /^plc_[A-Za-z0-9_-]{43}$/;

export interface ChallengeToken {
  /** What the client gets. */
  text: string;
  /** All that is stored. */
  hash: Buffer;
}

export function newChallengeToken(): ChallengeToken {
  const text = `plc_${randomBytes(32).toString('base64url')}`;
  return { text, hash: hashOf(text) };
}

/** @returns null for what no token looks like */
export function hashOfChallengeToken(text: string): Buffer | null {
  return FORM.test(text) ? hashOf(text) : null;
}

function hashOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
