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
import { hasOnly, readStatement, type IssuerStatement } from '../jws/issuer-statement.ts';
import { readPublicKey } from '../jws/public-key.ts';
import type { VerificationKey } from '../jws/verification-key.ts';
import { problemOfTimes } from '../token/times.ts';

const KIND = {
  type: KEY_VOUCH_TYPE,
  maxLength: MAX_KEY_VOUCH_LENGTH,
  maxSeconds: MAX_KEY_VOUCH_SECONDS,
};
const PAYLOAD_MEMBERS = ['iss', 'iat', 'exp', 'jwk'];
const ALGORITHMS: ReadonlySet<unknown> = new Set(['ES256', 'RS256', 'EdDSA']);

/** `signer` vouches. */
export interface Vouch extends IssuerStatement {
  /** What is vouched for. */
  readonly key: VerificationKey;
}

/** @returns undefined for what is no vouch of this issuer */
export function readKeyVouch(text: string, issuer: string): Vouch | undefined {
  const statement = readStatement(text, issuer, KIND);
  if (statement === undefined) return undefined;
  const { header, payload } = statement.jws;
  const { jwk } = payload;
  const fits = ALGORITHMS.has(header['alg']) && hasOnly(payload, PAYLOAD_MEMBERS);
  if (!fits || !isRecord(jwk)) return undefined;
  const { kid } = jwk;
  const key = isKeyId(kid) ? readPublicKey(jwk) : undefined;
  if (!isKeyId(kid) || key === undefined) return undefined;
  return { ...statement, key: { kid, ...key } };
}

/** @param now milliseconds since the epoch by the issuer's clock */
export function isTimely({ iat, exp }: Vouch, now: number): boolean {
  return problemOfTimes({ iat, exp }, now) === undefined;
}
