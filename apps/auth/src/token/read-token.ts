/**
 * What an access token says, once it is known to be ours: form, key, signature and claims. Whether
 * it still holds is another question (`token-status.ts`).
 */
import type { AccessTokenClaims } from '@portcullis/contracts';
import {
  invalidToken,
  parseToken,
  readClaims,
  signatureHolds,
  TokenFault,
  TokenReader,
} from '@portcullis/verify';
import type { KeyRing } from '../keys/key-ring.ts';
import { MAX_TOKEN_SECONDS } from '../timing/lifetimes.ts';

/** Tokens whose signature is not verified again: some 15 MB at most. */
const MAX_REMEMBERED = 10_000;

export interface ReadToken {
  claims: AccessTokenClaims;
  kid: string;
}

export interface ReadTokenOptions {
  keyRing: KeyRing;
  issuer: string;
}

/** Rejects with Refusal `invalid_token`, whose private cause is the reason. */
export type ReadTokenOf = (token: string) => Promise<ReadToken>;

/** @param audience the one that stands for this service */
export function createReadToken({
  keyRing,
  issuer,
  audience,
}: ReadTokenOptions & { audience: string }): ReadTokenOf {
  const reader = new TokenReader({
    keys: {
      known: (kid) => keyRing.held(kid),
      // A key that was killed is not held.
      isKilled: () => false,
      seek: async (kid) => void (await keyRing.verificationKey(kid)),
      refresh: () => Promise.resolve(),
    },
    expected: { issuer, audience, maxTokenLifeSeconds: MAX_TOKEN_SECONDS },
    maxCached: MAX_REMEMBERED,
    issuerNow: Date.now,
    onOtherAudience: () => undefined,
    onRightAudience: () => undefined,
  });
  return async (token) => {
    let read = reader.read(token);
    if (read === undefined) {
      await reader.seekKey(token);
      read = reader.demand(token);
    }
    return { claims: read.claims, kid: read.key.kid };
  };
}

/** Whomever the token is for. */
export function createReadAnyToken({ keyRing, issuer }: ReadTokenOptions): ReadTokenOf {
  return async (token) => {
    const parsed = asInvalidToken(() => parseToken(token));
    const key = await keyRing.verificationKey(parsed.kid);
    return asInvalidToken(() => {
      if (key === undefined) throw new TokenFault('key_unknown', 'signed by no key of ours');
      if (!signatureHolds(parsed, key)) {
        throw new TokenFault('signature_wrong', 'the signature does not hold');
      }
      const audience = anyAudienceOf(parsed.payload);
      const expected = { issuer, audience, maxTokenLifeSeconds: MAX_TOKEN_SECONDS };
      return { claims: readClaims(parsed.payload, expected), kid: parsed.kid };
    });
  };
}

function anyAudienceOf({ aud }: Record<string, unknown>): string {
  const one: unknown = Array.isArray(aud) ? aud[0] : aud;
  return typeof one === 'string' ? one : '';
}

function asInvalidToken<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw invalidToken(cause);
  }
}
