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
  isKeyId,
  isRecord,
  KEY_VOUCH_TYPE,
  MAX_KEY_VOUCH_LENGTH,
  MAX_KEY_VOUCH_SECONDS,
} from '@portcullis/contracts';
import { parseJws, type Jws } from '../jws/jws.ts';
import type { VerificationKey } from '../jws/verification-key.ts';
import { problemOfTimes } from '../token/times.ts';
import { readPublicKey } from '../jws/public-key.ts';

const HEADER_MEMBERS = ['alg', 'typ', 'kid'];
const PAYLOAD_MEMBERS = ['iss', 'iat', 'exp', 'jwk'];
const ALGORITHMS: ReadonlySet<unknown> = new Set(['ES256', 'RS256', 'EdDSA']);
const MAX_SECONDS = 253_402_300_799;

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
export function readKeyVouch(text: string, issuer: string): Vouch | undefined {
  let jws;
  try {
    jws = parseJws(text, MAX_KEY_VOUCH_LENGTH);
  } catch {
    return undefined;
  }
  const { alg, typ, kid: voucher } = jws.header;
  const isSigned = ALGORITHMS.has(alg) && typ === KEY_VOUCH_TYPE && isKeyId(voucher);
  const { iss, iat, exp, jwk } = jws.payload;
  const isSaid = iss === issuer && isSeconds(iat) && isSeconds(exp) && isRecord(jwk);
  if (!isSigned || !hasOnly(jws.header, HEADER_MEMBERS)) return undefined;
  if (!isSaid || !hasOnly(jws.payload, PAYLOAD_MEMBERS)) return undefined;
  const { kid } = jwk;
  const key = isKeyId(kid) ? readPublicKey(jwk) : undefined;
  if (!isKeyId(kid) || key === undefined) return undefined;
  if (exp <= iat || exp - iat > MAX_KEY_VOUCH_SECONDS) return undefined;
  return { key: { kid, ...key }, voucher, iat, exp, jws };
}

function isSeconds(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= MAX_SECONDS;
}

function hasOnly(object: object, members: readonly string[]): boolean {
  return Object.keys(object).every((name) => members.includes(name));
}

/** @param now milliseconds since the epoch by the issuer's clock */
export function isTimely({ iat, exp }: Vouch, now: number): boolean {
  return problemOfTimes({ iat, exp }, now) === undefined;
}
