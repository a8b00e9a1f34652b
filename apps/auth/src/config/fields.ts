/** Settings that the service and its commands share. */
import { integer, secret } from '@portcullis/service';
import * as z from 'zod';
import { signingAlgorithm } from '../keys/signing-key.ts';
import { argon2Parameters, DEFAULT_ARGON2 } from '../password/argon2-parameters.ts';

const KEY_BYTES = 32;

export const maxStalenessMs = integer({ min: 100, max: 300_000 }).default(5_000);

export function hashingFields() {
  return { PORTCULLIS_ARGON2: argon2Parameters.default(DEFAULT_ARGON2) };
}

/** What signing keys are sealed under, and what new ones are. */
export function keyFields(production: boolean) {
  return {
    PORTCULLIS_KEY_ENCRYPTION_KEY: keyEncryptionKey(production),
    PORTCULLIS_KEY_ENCRYPTION_KEY_OTHER: keyEncryptionKey(production).optional(),
    PORTCULLIS_SIGNING_ALGORITHM: signingAlgorithm.default('ES256'),
  };
}

function keyEncryptionKey(production: boolean) {
  return secret({ production, minLength: 43 }).pipe(
    z
      .string()
      .regex(/^[A-Za-z0-9_-]{43}=?$/, `is not ${KEY_BYTES} bytes in base64url`)
      .transform((value) => Buffer.from(value, 'base64url')),
  );
}
