/**
 * `private_key_jwt`: a client authenticates by a short-lived statement that it has signed (RFC 7523
 * section 3, RFC 7521 section 5.2).
 *
 * Invariants: signed by a key that was registered for this very client; meant for this server alone;
 * used once, over all instances.
 *
 * The signature, and what RFC 7519 says of claims, is jose's. It takes what is refused here: members that
 * are given twice, spellings of base64url that are not canonical, parameters that name a key or a
 * compression, and assertions without an end. So the strict reader is asked first, and demands of this
 * server's own are checked afterwards.
 */
import { isMediaType, parseJws } from '@portcullis/verify';
import { errors, jwtVerify } from 'jose';
import * as z from 'zod';
import type { ReplayStore } from '../proof/replay-store.ts';
import { keepImportedKeys, type ImportedKey } from './imported-keys.ts';
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

type AssertionClaims = z.infer<typeof claims>;

export function createAuthenticateByAssertion({
  findClient,
  useOnce,
  audiences,
}: AssertionDependencies): AuthenticateByAssertion {
  const keysOf = keepImportedKeys();

  return async (assertion) => {
    const read = readAssertion(assertion);
    if (read === null) return null;
    const { kid, assertionClaims } = read;
    const found = await findClient(assertionClaims.sub);
    if (found === null || found.jwks === null) return null;
    const { client, jwks } = found;
    const named = (await keysOf(client.id, jwks)).filter((key) => (kid ?? key.kid) === key.kid);
    const { now } = client.facts;
    if (!(await isSignedByOneOf(named, assertion, { client: client.id, audiences, now })))
      return null;
    if (![assertionClaims.aud].flat().every((one) => audiences.includes(one))) return null;
    if (!isTimely(assertionClaims, now)) return null;
    const proof = { maker: client.id, jti: assertionClaims.jti, refusedFrom: assertionClaims.exp };
    return (await useOnce({ use: 'client-assertion', ...proof })) ? client : null;
  };
}

function readAssertion(assertion: string) {
  let jws;
  try {
    jws = parseJws(assertion, MAX_LENGTH);
  } catch {
    return null;
  }
  const { typ, kid } = jws.header;
  // Never another kind of token that the same key has signed (RFC 8725 section 3.11).
  const isOfKind = typ === undefined || TYPES.some((name) => isMediaType(typ, name));
  if (!isOfKind) return null;
  if (Object.hasOwn(jws.header, 'jwk')) return null;
  const assertionClaims = claims.safeParse(jws.payload).data;
  return assertionClaims === undefined ? null : { kid, assertionClaims };
}

interface Expected {
  client: string;
  audiences: readonly string[];
  /** Seconds since the epoch, by the database's clock. */
  now: number;
}

async function isSignedByOneOf(
  keys: readonly ImportedKey[],
  assertion: string,
  { client, audiences, now }: Expected,
): Promise<boolean> {
  for (const { key, algorithms } of keys) {
    try {
      await jwtVerify(assertion, key, {
        algorithms: [...algorithms],
        issuer: client,
        subject: client,
        audience: [...audiences],
        requiredClaims: ['exp', 'jti'],
        // It counts whole seconds, and has one tolerance for both ends: `isTimely` is stricter.
        currentDate: new Date(Math.ceil(now) * 1_000),
        clockTolerance: SKEW_S,
      });
      return true;
    } catch (error) {
      // Anything else is a fault of ours, and no answer to the question.
      if (!(error instanceof errors.JOSEError)) throw error;
    }
  }
  return false;
}

function isTimely({ exp, iat = 0, nbf = 0 }: AssertionClaims, now: number): boolean {
  return exp > now && exp <= now + MAX_LIFE_S + SKEW_S && Math.max(iat, nbf) <= now + SKEW_S;
}
