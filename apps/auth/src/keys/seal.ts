/**
 * What is secret at rest is sealed with AES-256-GCM under the key-encryption key, bound to its name.
 *
 *   version 1 · 4 bytes: which key-encryption key · 12 bytes nonce · ciphertext · 16 bytes tag
 *
 * The second field is what lets a later version keep two key-encryption keys while it re-seals.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

const VERSION = 1;
const HINT_BYTES = 4;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = 1 + HINT_BYTES + NONCE_BYTES;
const ALGORITHM = 'aes-256-gcm';

/** The envelope was not made with the key-encryption key that this process was given. */
export class SealError extends Error {
  override readonly name = 'SealError';
  constructor(name: string, options?: ErrorOptions) {
    super(
      `PORTCULLIS_KEY_ENCRYPTION_KEY does not open ${name}: ` +
        'it is not the one that the database was sealed with',
      options,
    );
  }
}

export interface Seal {
  /** @param name what it is; a sealed value does not open under another name */
  close(name: string, plain: Buffer): Buffer;
  /** @throws SealError */
  open(name: string, envelope: Buffer): Buffer;
}

/** @param key 32 bytes */
export function createSeal(key: Buffer): Seal {
  if (key.length !== 32) throw new RangeError('a key-encryption key has 32 bytes');
  const hint = createHash('sha256').update('portcullis seal').update(key).digest();
  const header = Buffer.concat([Buffer.of(VERSION), hint.subarray(0, HINT_BYTES)]);
  const bindTo = (name: string) => Buffer.concat([header, Buffer.from(name)]);

  return {
    close(name, plain) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
      cipher.setAAD(bindTo(name));
      const body = Buffer.concat([cipher.update(plain), cipher.final()]);
      return Buffer.concat([header, nonce, body, cipher.getAuthTag()]);
    },
    open(name, envelope) {
      if (
        envelope.length < HEADER_BYTES + TAG_BYTES ||
        !envelope.subarray(0, header.length).equals(header)
      ) {
        throw new SealError(name);
      }
      const nonce = envelope.subarray(header.length, HEADER_BYTES);
      const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
      decipher.setAAD(bindTo(name));
      decipher.setAuthTag(envelope.subarray(-TAG_BYTES));
      try {
        return Buffer.concat([
          decipher.update(envelope.subarray(HEADER_BYTES, -TAG_BYTES)),
          decipher.final(),
        ]);
      } catch (cause) {
        throw new SealError(name, { cause });
      }
    },
  };
}
