/** Reads a JWK set (RFC 7517) and keeps only keys that this package would verify with. */
import { keyId } from '@portcullis/contracts';
import { createPublicKey } from 'node:crypto';
import { z } from 'zod';
import type { VerificationKey } from '../token/signature.ts';
import { isSmallOrder } from './small-order.ts';

const MAX_KEYS = 64;
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
  kid: keyId,
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
    alg: z.literal('EdDSA').optional(),
    x: publicMember,
  }),
]);
type UsableKey = z.infer<typeof usableKey>;

const keySet = z.object({ keys: z.array(z.record(z.string(), z.unknown())).max(MAX_KEYS) });

/**
 * Keys of another type or purpose, and such as prove nothing, are left out, as RFC 7517 section 5 asks.
 *
 * @throws when it is not a JWK set, names a `kid` twice, or publishes a secret: then nothing in it
 *   can be relied on
 */
export function readKeySet(document: unknown): Map<string, VerificationKey> {
  const { keys } = keySet.parse(document);
  const kids = new Set<unknown>();
  const usable = new Map<string, VerificationKey>();
  for (const candidate of keys) {
    if (
      candidate['kty'] === 'oct' ||
      SECRET_MEMBERS.some((name) => Object.hasOwn(candidate, name))
    ) {
      throw new Error('the key set publishes a secret');
    }
    if (candidate['kid'] !== undefined && kids.has(candidate['kid'])) {
      throw new Error('the key set names a kid twice');
    }
    kids.add(candidate['kid']);
    const parsed = usableKey.safeParse(candidate);
    const key = parsed.success ? toVerificationKey(parsed.data) : undefined;
    if (key !== undefined) usable.set(key.kid, key);
  }
  return usable;
}

/** @returns undefined for a key that is none, or with which a stranger could sign */
function toVerificationKey(jwk: UsableKey): VerificationKey | undefined {
  const { kid, use: _use, key_ops: _operations, alg: _alg, ...material } = jwk;
  let key;
  try {
    key = createPublicKey({ key: material, format: 'jwk' });
  } catch {
    return undefined; // not on its curve, or of another length
  }
  if (jwk.kty === 'EC') return { kid, alg: 'ES256', key };
  if (jwk.kty === 'OKP') {
    return isSmallOrder(Buffer.from(jwk.x, 'base64url')) ? undefined : { kid, alg: 'EdDSA', key };
  }
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  const sound =
    modulusLength >= MIN_RSA_BITS &&
    modulusLength <= MAX_RSA_BITS &&
    publicExponent > MIN_RSA_EXPONENT &&
    publicExponent < MAX_RSA_EXPONENT &&
    publicExponent % 2n === 1n;
  return sound ? { kid, alg: 'RS256', key } : undefined;
}
