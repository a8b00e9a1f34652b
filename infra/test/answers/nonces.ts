/** The nonces that guards of one's own demand, here and there. */
import { createDpopNonces } from '@portcullis/verify/guard';
import { randomBytes } from 'node:crypto';

export const NONCE_SECRET = randomBytes(32);
export const youngNonce = (): string => createDpopNonces(NONCE_SECRET).issue();
/** Good, and to be renewed. */
export const oldNonce = (): string =>
  createDpopNonces(NONCE_SECRET, () => Date.now() / 1_000 - 150).issue();
