import { createHash, randomBytes } from 'node:crypto';

/** Characters; a secret of a machine is random, and at least this long. */
export const MIN_SECRET_LENGTH = 32;
export const MAX_SECRET_LENGTH = 256;

const NEW_SECRET_BYTES = 32;

export function newSecret(): string {
  return randomBytes(NEW_SECRET_BYTES).toString('base64url');
}

/** A slow hash would add nothing to a secret that cannot be guessed. */
export function hashClientSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
