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
} from '@portcullis/verify';
import type { KeyRing } from '../keys/key-ring.ts';
import { MAX_TOKEN_SECONDS } from '../timing/lifetimes.ts';

export interface ReadToken {
  claims: AccessTokenClaims;
  kid: string;
}

export interface TokenReaderOptions {
  keyRing: KeyRing;
  issuer: string;
  /** The audience that stands for this service; null: whomever the token is for. */
  audience: string | null;
}

export type TokenReader = (token: string) => Promise<ReadToken>;

/** @returns a reader that throws Refusal `invalid_token`, with the reason as its private cause */
export function createTokenReader({ keyRing, issuer, audience }: TokenReaderOptions): TokenReader {
  return async (token) => {
    const parsed = asInvalidToken(() => parseToken(token));
    const key = await keyRing.verificationKey(parsed.kid);
    return asInvalidToken(() => {
      if (key === undefined) throw new TokenFault('key_unknown', 'signed by no key of ours');
      if (!signatureHolds(parsed, key)) {
        throw new TokenFault('signature_wrong', 'the signature does not hold');
      }
      const expected = {
        issuer,
        audience: audience ?? anyAudienceOf(parsed.payload),
        maxTokenLifeSeconds: MAX_TOKEN_SECONDS,
      };
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
