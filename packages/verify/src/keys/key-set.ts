/** Reads a JWK set (RFC 7517) and keeps only keys that this package would verify with. */
import { keyId } from '@portcullis/contracts';
import * as z from 'zod';
import type { VerificationKey } from '../jws/verification-key.ts';
import { holdsSecret, readPublicKey } from '../jws/public-key.ts';
import { rocaProblem } from '../jws/roca.ts';

const MAX_KEYS = 64;

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
    if (holdsSecret(candidate)) throw new Error('the key set publishes a secret');
    if (candidate['kid'] !== undefined && kids.has(candidate['kid'])) {
      throw new Error('the key set names a kid twice');
    }
    kids.add(candidate['kid']);
    const kid = keyId.safeParse(candidate['kid']).data;
    const key = kid === undefined ? undefined : readPublicKey(candidate);
    if (kid !== undefined && key !== undefined) usable.set(kid, { kid, ...key });
  }
  return usable;
}

/** @returns for each key that is known to be broken: its name, and what to do about it */
export function problemsOfKeys(document: unknown): string[] {
  return keySet.parse(document).keys.flatMap((candidate) => {
    const problem = rocaProblem(candidate);
    const kid = keyId.safeParse(candidate['kid']).data ?? 'a key without a usable kid';
    return problem === undefined ? [] : [`${kid}: ${problem}`];
  });
}
