/** A signing key as it lies in the database, opened with the key-encryption key. */
import { createDecipheriv, createPrivateKey, type KeyObject } from 'node:crypto';

/** As apps/auth/src/keys/seal.ts seals: version and hint, nonce, content, tag. */
const HEADER_BYTES = 5;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** @param name its id, which it is bound to */
export function openSealedKey(secret: Buffer, name: string, sealed: Buffer): KeyObject {
  const header = sealed.subarray(0, HEADER_BYTES);
  const nonce = sealed.subarray(HEADER_BYTES, HEADER_BYTES + NONCE_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', secret, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.concat([header, Buffer.from(name)]));
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  const content = sealed.subarray(HEADER_BYTES + NONCE_BYTES, -TAG_BYTES);
  const der = Buffer.concat([decipher.update(content), decipher.final()]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}
