/**
 * Authorization codes (RFC 6749 section 4.1.2): opaque, and random.
 *
 *   pac_ <43: base64url of 32 bytes>
 *
 * What is stored is the SHA-256 of the code, and a refresh token that is encrypted under a key derived from it. So nothing
 * at rest makes a token: who reads the database has neither code nor token.
 */
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';

const FORM = /^pac_[A-Za-z0-9_-]{43}$/;
const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

export interface AuthorizationCode {
  /** What the application gets. */
  text: string;
  /** All that is stored of it. */
  hash: Buffer;
}

export function newAuthorizationCode(): AuthorizationCode {
  return codeOf(`pac_${randomBytes(32).toString('base64url')}`);
}

/** @returns null for what no code looks like */
export function readAuthorizationCode(text: string): AuthorizationCode | null {
  return FORM.test(text) ? codeOf(text) : null;
}

export function sealUnder(code: AuthorizationCode, text: string): Buffer {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, keyOf(code), iv);
  const sealed = Buffer.concat([cipher.update(text), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]);
}

/** @throws Error for what was sealed under another code, or was changed */
export function openUnder(code: AuthorizationCode, sealed: Buffer): string {
  const decipher = createDecipheriv(CIPHER, keyOf(code), sealed.subarray(0, IV_BYTES));
  decipher.setAuthTag(sealed.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
  const opened = decipher.update(sealed.subarray(IV_BYTES + TAG_BYTES));
  return Buffer.concat([opened, decipher.final()]).toString();
}

/** The code has 256 random bits: a key is derived from it without a salt (RFC 5869 section 3.1). */
function keyOf({ text }: AuthorizationCode): Buffer {
  return Buffer.from(hkdfSync('sha256', text, '', 'portcullis authorization code v1', 32));
}

function codeOf(text: string): AuthorizationCode {
  return { text, hash: createHash('sha256').update(text).digest() };
}
