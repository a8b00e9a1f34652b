/**
 * A public key of the issuer that came by another way than its key set, signed for by a key that may
 * have come with it: JWS in the compact form, of a type of its own.
 *
 *   header   alg, typ `portcullis-key+jwt`, kid: whose signature it is
 *   payload  iss, iat, exp, jwk: the key with its own kid, as the set publishes it
 *
 * Invariant: nothing else fits. One member more or less, another type, or a key with which this
 * package would not verify, and it is none.
 */
import {
  keyId,
  KEY_VOUCH_TYPE,
  MAX_KEY_VOUCH_LENGTH,
  MAX_KEY_VOUCH_SECONDS,
} from '@portcullis/contracts';
import * as z from 'zod';
import { parseJws, type Jws } from '../jws/jws.ts';
import type { VerificationKey } from '../jws/verification-key.ts';
import { problemOfTimes } from '../token/times.ts';
import { readPublicKey } from '../jws/public-key.ts';

const header = z.strictObject({
  alg: z.enum(['ES256', 'RS256', 'EdDSA']),
  typ: z.literal(KEY_VOUCH_TYPE),
  kid: keyId,
});
const seconds = z.int().min(1).max(253_402_300_799);
const payload = z.strictObject({
  iss: z.string(),
  iat: seconds,
  exp: seconds,
  jwk: z.looseObject({ kid: keyId }),
});

export interface Vouch {
  /** What is vouched for. */
  readonly key: VerificationKey;
  /** The name of the key that has signed it. */
  readonly voucher: string;
  /** Seconds since the epoch. */
  readonly iat: number;
  readonly exp: number;
  /** Its signature is not checked yet. */
  readonly jws: Jws;
}

/** @returns undefined for what is no vouch of this issuer */
export function readVouch(text: string, issuer: string): Vouch | undefined {
  let jws;
  try {
    jws = parseJws(text, MAX_KEY_VOUCH_LENGTH);
  } catch {
    return undefined;
  }
  const { data: signed } = header.safeParse(jws.header);
  const { data: said } = payload.safeParse(jws.payload);
  if (signed === undefined || said?.iss !== issuer) return undefined;
  const { iat, exp, jwk } = said;
  const key = readPublicKey(jwk);
  if (key === undefined || exp <= iat || exp - iat > MAX_KEY_VOUCH_SECONDS) return undefined;
  return { key: { kid: jwk.kid, ...key }, voucher: signed.kid, iat, exp, jws };
}

/** @param now milliseconds since the epoch by the issuer's clock */
export function isTimely({ iat, exp }: Vouch, now: number): boolean {
  return problemOfTimes({ iat, exp }, now) === undefined;
}
