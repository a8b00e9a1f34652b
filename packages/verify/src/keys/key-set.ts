/** Reads a JWK set (RFC 7517) and keeps only keys that this package would verify with. */
import { isKeyId, isRecord } from '@portcullis/contracts';
import type { VerificationKey } from '../jws/verification-key.ts';
import { holdsSecret, readPublicKey } from '../jws/public-key.ts';
import { rocaProblem } from '../jws/roca.ts';

const MAX_KEYS = 64;

/**
 * Keys of another type or purpose, and such as prove nothing, are left out, as RFC 7517 section 5 asks.
 *
 * @throws when it is not a JWK set, names a `kid` twice, or publishes a secret: then nothing in it
 *   can be relied on
 */
export function readKeySet(document: unknown): Map<string, VerificationKey> {
  const kids = new Set<unknown>();
  const usable = new Map<string, VerificationKey>();
  for (const candidate of keysOf(document)) {
    if (holdsSecret(candidate)) throw new Error('the key set publishes a secret');
    if (candidate['kid'] !== undefined && kids.has(candidate['kid'])) {
      throw new Error('the key set names a kid twice');
    }
    kids.add(candidate['kid']);
    const kid = candidate['kid'];
    const key = isKeyId(kid) ? readPublicKey(candidate) : undefined;
    if (isKeyId(kid) && key !== undefined) usable.set(kid, { kid, ...key });
  }
  return usable;
}

/** @returns for each key that is known to be broken: its name, and what to do about it */
export function problemsOfKeys(document: unknown): string[] {
  return keysOf(document).flatMap((candidate) => {
    const problem = rocaProblem(candidate);
    const kid = isKeyId(candidate['kid']) ? candidate['kid'] : 'a key without a usable kid';
    return problem === undefined ? [] : [`${kid}: ${problem}`];
  });
}

/** @throws Error when it is not a JWK set, or one with more keys than any issuer needs */
function keysOf(document: unknown): Record<string, unknown>[] {
  const keys = isRecord(document) ? document['keys'] : undefined;
  if (!Array.isArray(keys) || !keys.every(isRecord)) throw new Error('not a JWK set');
  if (keys.length > MAX_KEYS) throw new Error(`a key set of more than ${MAX_KEYS} keys`);
  return keys;
}
