/**
 * Those who verify, each with the checks that it can do: algorithm pinned, issuer, audience, type and
 * expiry. Ours looks for the token among the revocations too, and at how fresh they are.
 */
import { derOfEs256, type Verifier } from '@portcullis/verify';
import { createVerifier as createFastVerifier, type VerifierOptions } from 'fast-jwt';
import { importJWK, jwtVerify } from 'jose';
import jsonwebtoken from 'jsonwebtoken';
import { createPublicKey, verify as verifyBytes, type JsonWebKey } from 'node:crypto';
import type { SigningAlgorithm } from '@portcullis/testkit';

export interface Contender {
  readonly name: string;
  /** False: checks the signature and nothing else. */
  readonly checksClaims: boolean;
  /**
   * @returns what verifies all of them, and is timed; what can be done before is done before
   * @throws from what is returned, for a token that is refused
   */
  prepare(tokens: readonly string[]): () => void | Promise<void>;
}

/** What tokens are expected to be. */
export interface Expected {
  readonly alg: SigningAlgorithm;
  readonly jwk: JsonWebKey;
  readonly issuer: string;
  readonly audience: string;
}

interface Subject {
  readonly sub?: unknown;
}

/** One whose answer is there at once. */
export function atOnce(name: string, verify: (token: string) => Subject): Contender {
  return {
    name,
    checksClaims: true,
    prepare: (tokens) => () => {
      for (const token of tokens) demandSubject(verify(token));
    },
  };
}

/** One whose answer is a promise; one token after the other. */
export function awaited(name: string, verify: (token: string) => Promise<Subject>): Contender {
  return {
    name,
    checksClaims: true,
    prepare: (tokens) => async () => {
      for (const token of tokens) demandSubject(await verify(token));
    },
  };
}

/** As adapters call it: a promise comes back only where something has to be waited for. */
export function portcullis(verifier: Verifier): Contender {
  return atOnce('portcullis', (token) => {
    const claims = verifier.verifyMaybeSync(token);
    if (claims instanceof Promise) throw new Error('it had to wait');
    return claims;
  });
}

/** The same by a promise, as most callers would use it. */
export function portcullisByPromise(verifier: Verifier): Contender {
  return awaited('portcullis, by a promise', (token) => verifier.verify(token));
}

/**
 * `node:crypto` on bytes that are decoded already, of ES256 in DER: the signature, and nothing around
 * it.
 */
export function rawCrypto({ alg, jwk }: Expected): Contender {
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  const hash = alg === 'EdDSA' ? null : 'sha256';
  return {
    name: 'node:crypto, raw',
    checksClaims: false,
    prepare: (tokens) => {
      const split = tokens.map((token) => {
        const end = token.lastIndexOf('.');
        const decoded = Buffer.from(token.slice(end + 1), 'base64url');
        const signature = alg === 'ES256' ? Buffer.from(derOfEs256(decoded)) : decoded;
        return { signed: Buffer.from(token.slice(0, end), 'latin1'), signature };
      });
      return () => {
        for (const { signed, signature } of split) {
          if (!verifyBytes(hash, signed, key, signature)) throw new Error('refused');
        }
      };
    },
  };
}

export async function jose({ alg, jwk, issuer, audience }: Expected): Promise<Contender[]> {
  const key = await importJWK({ ...jwk, alg }, alg);
  const options = { algorithms: [alg], issuer, audience, typ: 'at+jwt', requiredClaims: ['exp'] };
  const verify = async (token: string): Promise<Subject> =>
    (await jwtVerify(token, key, options)).payload;
  return [
    awaited('jose', verify),
    {
      // It verifies in threads of its own, so that many at once may use other cores.
      name: 'jose, all at once',
      checksClaims: true,
      prepare: (tokens) => async () => {
        for (const subject of await Promise.all(tokens.map(verify))) demandSubject(subject);
      },
    },
  ];
}

/** @param cache what it remembers, if anything */
export function fastJwt(
  name: string,
  { alg, jwk, issuer, audience }: Expected,
  cache: Pick<VerifierOptions, 'cache' | 'cacheTTL' | 'cacheKeyBuilder'> = {},
): Contender {
  const verify = createFastVerifier({
    key: pemOf(jwk),
    algorithms: [alg],
    allowedIss: issuer,
    allowedAud: audience,
    checkTyp: 'at+jwt',
    requiredClaims: ['exp'],
    ...cache,
  });
  return atOnce(name, (token) => subjectIn(verify(token)));
}

/** @returns undefined for an algorithm that it does not know */
export function jsonWebToken({ alg, jwk, issuer, audience }: Expected): Contender | undefined {
  if (alg === 'EdDSA') return undefined;
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  const options: jsonwebtoken.VerifyOptions = { algorithms: [alg], issuer, audience };
  return atOnce('jsonwebtoken', (token) => subjectIn(jsonwebtoken.verify(token, key, options)));
}

function demandSubject({ sub }: Subject): void {
  if (typeof sub !== 'string') throw new Error('accepted, and no user in particular');
}

function subjectIn(claims: unknown): Subject {
  return typeof claims === 'object' && claims !== null ? claims : {};
}

function pemOf(jwk: JsonWebKey): string {
  const pem = createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
  return pem.toString();
}
