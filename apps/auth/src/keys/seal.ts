/**
 * Secrets at rest are sealed with AES-256-GCM under the key-encryption key, each bound to its name.
 *
 *   version 1 · 4 bytes: which key-encryption key · 12 bytes nonce · ciphertext · 16 bytes tag
 *
 * The second field says which key-encryption key it was, while one is replaced by another: see
 * `reseal.ts`.
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
        'neither it nor PORTCULLIS_KEY_ENCRYPTION_KEY_OTHER is the one that this was sealed with',
      options,
    );
  }
}

export interface Seal {
  /** @param name what it is; a sealed value does not open under another name */
  close(name: string, plain: Buffer): Buffer;
  /** @throws SealError */
  open(name: string, envelope: Buffer): Buffer;
  /** Whether it was closed with the first of the two keys. */
  isCurrent(envelope: Buffer): boolean;
}

/**
 * @param key what everything is closed with from now on, 32 bytes
 * @param other also opens: the one before, or the one to come
 */
export function createSeal(key: Buffer, other: Buffer | null = null): Seal {
  const current = keyWithHeader(key);
  const known = [current, ...(other === null ? [] : [keyWithHeader(other)])];
  const closedWith = (envelope: Buffer) =>
    known.find(({ header }) => envelope.subarray(0, header.length).equals(header));

  return {
    close(name, plain) {
      const { header } = current;
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
      cipher.setAAD(Buffer.concat([header, Buffer.from(name)]));
      const body = Buffer.concat([cipher.update(plain), cipher.final()]);
      return Buffer.concat([header, nonce, body, cipher.getAuthTag()]);
    },
    open(name, envelope) {
      const opening = closedWith(envelope);
      if (opening === undefined || envelope.length < HEADER_BYTES + TAG_BYTES) {
        throw new SealError(name);
      }
      const nonce = envelope.subarray(opening.header.length, HEADER_BYTES);
      const decipher = createDecipheriv(ALGORITHM, opening.key, nonce, {
        authTagLength: TAG_BYTES,
      });
      decipher.setAAD(Buffer.concat([opening.header, Buffer.from(name)]));
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
    isCurrent: (envelope) => closedWith(envelope) === current,
  };
}

function keyWithHeader(key: Buffer): { key: Buffer; header: Buffer } {
  if (key.length !== 32) throw new RangeError('a key-encryption key has 32 bytes');
  const hint = createHash('sha256').update('portcullis seal').update(key).digest();
  return { key, header: Buffer.concat([Buffer.of(VERSION), hint.subarray(0, HINT_BYTES)]) };
}
