/** A public key as a JWK (RFC 7517), and whether this package would verify with it. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import * as z from 'zod';
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

const publicMember = z.string().min(1).max(2_048);
const everyKey = {
  use: z.literal('sig').optional(),
  key_ops: z.array(z.literal('verify')).optional(),
};
const usableKey = z.discriminatedUnion('kty', [
  z.object({
    ...everyKey,
    kty: z.literal('EC'),
    crv: z.literal('P-256'),
    alg: z.literal('ES256').optional(),
    x: publicMember,
    y: publicMember,
  }),
  z.object({
    ...everyKey,
    kty: z.literal('RSA'),
    alg: z.literal('RS256').optional(),
    n: publicMember,
    e: publicMember,
  }),
  z.object({
    ...everyKey,
    kty: z.literal('OKP'),
    crv: z.literal('Ed25519'),
    // RFC 8037, and the name that RFC 9864 section 2.2 gives the same.
    alg: z.enum(['EdDSA', 'Ed25519']).optional(),
    x: publicMember,
  }),
]);

export interface PublicKey {
  readonly alg: Algorithm;
  readonly key: KeyObject;
}

/** Whether it says what only the signer may know, or is a secret that both sides share. */
export function holdsSecret(jwk: Record<string, unknown>): boolean {
  return jwk['kty'] === 'oct' || SECRET_MEMBERS.some((name) => Object.hasOwn(jwk, name));
}

/**
 * @returns undefined for a key that is none, is for another purpose, holds a secret, or with which
 *   anyone could sign
 */
export function readPublicKey(candidate: Record<string, unknown>): PublicKey | undefined {
  const jwk = usableKey.safeParse(candidate).data;
  if (jwk === undefined || holdsSecret(candidate)) return undefined;
  const { use: _use, key_ops: _operations, alg: _alg, ...material } = jwk;
  let key;
  try {
    key = createPublicKey({ key: material, format: 'jwk' });
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
