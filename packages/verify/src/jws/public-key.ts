/** A public key as a JWK (RFC 7517), and whether this package would verify with it. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import type { Algorithm } from './verification-key.ts';
import { isRocaModulus } from './roca.ts';
import { isSmallOrder } from './small-order.ts';

const MIN_RSA_BITS = 2_048;
/** A larger modulus or exponent is no safer here, and lets each token cost as much as its signer likes. */
const MAX_RSA_BITS = 8_192;
/** FIPS 186-5 section A.1.1: odd, and above this. Below, messages can be made to fit a signature. */
const MIN_RSA_EXPONENT = 2n ** 16n;
const MAX_RSA_EXPONENT = 2n ** 64n;

/** What only the signer may know (RFC 7518 sections 6.2.2, 6.3.2 and 6.4.1). */
const SECRET_MEMBERS = ['k', 'd', 'p', 'q', 'dp', 'dq', 'qi', 'oth'];

const MAX_MEMBER_LENGTH = 2_048;

export interface PublicKey {
  readonly alg: Algorithm;
  readonly key: KeyObject;
}

/** Whether it says what only the signer may know, or is a secret that both sides share. */
export function holdsSecret(jwk: Record<string, unknown>): boolean {
  return jwk['kty'] === 'oct' || SECRET_MEMBERS.some((name) => Object.hasOwn(jwk, name));
}

/**
 * @returns undefined for a key that is none, is for another purpose, holds a secret, or with which any
 *   client could sign
 */
export function readPublicKey(candidate: Record<string, unknown>): PublicKey | undefined {
  const jwk = materialOf(candidate);
  if (jwk === undefined || holdsSecret(candidate)) return undefined;
  let key;
  try {
    key = createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    return undefined; // not on its curve, or of another length
  }
  if (jwk.kty === 'EC') return { alg: 'ES256', key };
  if (jwk.kty === 'OKP') {
    return isSmallOrder(Buffer.from(jwk.x, 'base64url')) ? undefined : { alg: 'EdDSA', key };
  }
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  const sound =
    modulusLength >= MIN_RSA_BITS &&
    modulusLength <= MAX_RSA_BITS &&
    publicExponent > MIN_RSA_EXPONENT &&
    publicExponent < MAX_RSA_EXPONENT &&
    publicExponent % 2n === 1n &&
    !isRocaModulus(jwk.n);
  return sound ? { alg: 'RS256', key } : undefined;
}

type Material =
  | { kty: 'EC'; crv: 'P-256'; x: string; y: string }
  | { kty: 'RSA'; n: string; e: string }
  | { kty: 'OKP'; crv: 'Ed25519'; x: string };

/** @returns what makes up the key; undefined for a key of another kind, curve, algorithm or purpose */
function materialOf(jwk: Readonly<Record<string, unknown>>): Material | undefined {
  const { kty, crv, alg, x, y, n, e } = jwk;
  if (!isForSignatures(jwk)) return undefined;
  switch (kty) {
    case 'EC':
      if (crv !== 'P-256' || !isOneOf(alg, [undefined, 'ES256'])) return undefined;
      return isMember(x) && isMember(y) ? { kty, crv, x, y } : undefined;
    case 'RSA':
      if (!isOneOf(alg, [undefined, 'RS256'])) return undefined;
      return isMember(n) && isMember(e) ? { kty, n, e } : undefined;
    case 'OKP':
      // RFC 8037, and the name that RFC 9864 section 2.2 gives the same.
      if (crv !== 'Ed25519' || !isOneOf(alg, [undefined, 'EdDSA', 'Ed25519'])) return undefined;
      return isMember(x) ? { kty, crv, x } : undefined;
    default:
      return undefined;
  }
}

/** RFC 7517 sections 4.2 and 4.3: where it says what it is for, that is to verify signatures. */
function isForSignatures({ use, key_ops }: Readonly<Record<string, unknown>>): boolean {
  const isMeant = key_ops === undefined || (Array.isArray(key_ops) && key_ops.every(isToVerify));
  return isMeant && isOneOf(use, [undefined, 'sig']);
}

function isToVerify(operation: unknown): boolean {
  return operation === 'verify';
}

function isMember(value: unknown): value is string {
  return typeof value === 'string' && value.length >= 1 && value.length <= MAX_MEMBER_LENGTH;
}

function isOneOf(value: unknown, those: readonly unknown[]): boolean {
  return those.includes(value);
}
