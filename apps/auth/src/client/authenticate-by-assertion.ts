/**
 * `private_key_jwt`: a client authenticates by a short-lived statement that it has signed (RFC 7523
 * section 3, RFC 7521 section 5.2).
 *
 * Invariants: signed by a key that was registered for this very client; meant for this server alone;
 * used once, over all instances.
 */
import { isMediaType, jwsSignatureHolds, parseJws, type Jws } from '@portcullis/verify';
import { z } from 'zod';
import type { ReplayStore } from '../proof/replay-store.ts';
import { storedClientKeys } from './client-keys.ts';
import type { AuthenticatedClient, FindClient } from './find-client.ts';

export interface AssertionDependencies {
  findClient: FindClient;
  useOnce: ReplayStore;
  /** The names of this server: the issuer and its endpoints. */
  audiences: readonly string[];
}

/** @returns null for an assertion that proves nothing */
export type AuthenticateByAssertion = (assertion: string) => Promise<AuthenticatedClient | null>;

/** Characters. */
const MAX_LENGTH = 8_192;
/** Seconds for which an assertion may be good, so that what has been used need not be kept long. */
const MAX_LIFE_S = 300;
/** Seconds by which the client's clock may be ahead. */
const SKEW_S = 30;

/** What an assertion may say that it is. */
const TYPES = ['jwt', 'client-authentication+jwt'];

const numericDate = z.number().min(1).max(253_402_300_799);
const claims = z.object({
  iss: z.string(),
  sub: z.string(),
  aud: z.union([z.string(), z.array(z.string()).min(1).max(8)]),
  exp: numericDate,
  iat: numericDate.optional(),
  nbf: numericDate.optional(),
  jti: z.string().min(1).max(256),
});

export function createAuthenticateByAssertion({
  findClient,
  useOnce,
  audiences,
}: AssertionDependencies): AuthenticateByAssertion {
  return async (assertion) => {
    const read = readAssertion(assertion);
    if (read === null) return null;
    const { jws, assertionClaims } = read;
    const found = await findClient(assertionClaims.sub);
    if (found === null || found.jwks === null) return null;
    const { client, jwks } = found;
    if (!isSignedByOneOf(jws, jwks)) return null;
    const meant = [assertionClaims.aud].flat();
    if (assertionClaims.iss !== client.id || !meant.every((one) => audiences.includes(one)))
      return null;
    const { now } = client.facts;
    const begins = Math.max(assertionClaims.iat ?? 0, assertionClaims.nbf ?? 0);
    if (
      assertionClaims.exp <= now ||
      assertionClaims.exp > now + MAX_LIFE_S + SKEW_S ||
      begins > now + SKEW_S
    )
      return null;
    const proof = { maker: client.id, jti: assertionClaims.jti, refusedFrom: assertionClaims.exp };
    return (await useOnce({ use: 'client-assertion', ...proof })) ? client : null;
  };
}

function readAssertion(assertion: string) {
  let jws: Jws;
  try {
    jws = parseJws(assertion, MAX_LENGTH);
  } catch {
    return null;
  }
  const { typ } = jws.header;
  // Never another kind of token that the same key has signed (RFC 8725 section 3.11).
  const isOfKind = typ === undefined || TYPES.some((name) => isMediaType(typ, name));
  if (!isOfKind) return null;
  if (Object.hasOwn(jws.header, 'jwk')) return null;
  const assertionClaims = claims.safeParse(jws.payload).data;
  return assertionClaims === undefined ? null : { jws, assertionClaims };
}

function isSignedByOneOf(jws: Jws, jwks: unknown): boolean {
  const { kid } = jws.header;
  return storedClientKeys(jwks).some(
    (key) => (kid === undefined || kid === key.kid) && jwsSignatureHolds(jws, key),
  );
}
