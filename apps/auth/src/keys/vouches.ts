/**
 * Signing keys signed for by each other, for verifiers that cannot fetch the key set: a key that they
 * have fetched before proves that a newer one is the issuer's too. Grants carry them.
 *
 * Each key is vouched for by the two oldest that are published beside it. A verifier that has fetched
 * any key that is still published has the oldest, since a set holds all that are published; the second
 * is for the moment in which the oldest is killed. While one key alone is published there is none.
 */
import { MAX_KEY_VOUCH_SECONDS, MAX_KEY_VOUCHES } from '@portcullis/contracts';
import type { PublicJwk } from './signing-key.ts';
import type { SignToken } from './sign-token.ts';

const VOUCHERS = 2;

export interface VouchingKey {
  readonly jwk: PublicJwk;
  /** Signs vouches, and nothing else. */
  readonly vouch: SignToken;
}

/**
 * @param keys that are published, the newest first
 * @param now seconds since the epoch by the database's clock
 */
export async function vouchesAmong(
  keys: readonly VouchingKey[],
  issuer: string,
  now: number,
): Promise<string[]> {
  const pairs = keys.flatMap(({ jwk }, place) =>
    keys
      .slice(place + 1)
      .slice(-VOUCHERS)
      .toReversed()
      .map(({ vouch }) => ({ jwk, vouch })),
  );
  return await Promise.all(
    pairs
      .slice(0, MAX_KEY_VOUCHES)
      .map(async ({ jwk, vouch }) =>
        vouch({ iss: issuer, iat: now, exp: now + MAX_KEY_VOUCH_SECONDS, jwk }),
      ),
  );
}
