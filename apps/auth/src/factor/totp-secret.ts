/** The secret that auth and an authenticator app share: made here, or taken in from another system. */
import { randomBytes } from 'node:crypto';
import { decodeBase32, encodeBase32 } from './base32.ts';
import { DIGITS, STEP_S } from './one-time-code.ts';

/** RFC 4226 section 4, R6, recommends 160 bits. */
const NEW_BYTES = 20;
/** Other systems have made secrets of 80 bits, which RFC 4226 would not: who has one in an app need not begin anew. */
const LEAST_BYTES = 10;
const MOST_BYTES = 64;

export const newTotpSecret = (): Buffer => randomBytes(NEW_BYTES);

/** @returns null for what no secret looks like, or one of less than 80 or more than 512 bits */
export function totpSecretOf(text: string): Buffer | null {
  const secret = decodeBase32(text);
  return secret !== null && secret.length >= LEAST_BYTES && secret.length <= MOST_BYTES
    ? secret
    : null;
}

/**
 * What an app reads from a QR code: the format of Google Authenticator's "Key Uri Format", which others have taken over.
 *
 * @param issuer what the app shows above the code: a name without a colon
 */
export function totpUri(secret: Buffer, issuer: string, account: string): string {
  const label = [issuer, account].map(encodeURIComponent).join(':');
  const parameters = new URLSearchParams({
    secret: encodeBase32(secret),
    issuer,
    algorithm: 'SHA1',
    digits: String(DIGITS),
    period: String(STEP_S),
  });
  return `otpauth://totp/${label}?${parameters.toString()}`;
}
