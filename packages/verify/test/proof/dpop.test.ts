/** Proofs of possession, against RFC 9449 section 4.3, and its own examples. */
import { Refusal } from '@portcullis/contracts';
import {
  GOOD_PROOFS,
  HOSTILE_PROOFS,
  ProofMaker,
  type ProofSigner,
  type ProofTarget,
  type ProofVariant,
} from '@portcullis/testbed/dpop-proofs';
import { base64url, calculateJwkThumbprint } from 'jose';
import { createPublicKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readDpopProof, type ProofExpectations } from '../../src/proof/dpop-proof.ts';
import { PossessionGuard } from '../../src/proof/possession.ts';
import { thumbprintOf } from '../../src/proof/thumbprint.ts';

/** Figures 2 and 12 of RFC 9449, the access token of the second, and the thumbprint of their key. */
const HEADER_OF_RFC =
  'eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19';
const AT_TOKEN_ENDPOINT = `${HEADER_OF_RFC}.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg`;
const AT_RESOURCE = `${HEADER_OF_RFC}.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA`;
const TOKEN_OF_RFC = 'Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU';
const JKT_OF_RFC = '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I';

describe('the examples of RFC 9449', () => {
  const token = {
    method: 'POST',
    urls: ['https://server.example.com/token'],
    now: 1_562_262_616,
    maxAge: 60,
  };
  const resource = {
    method: 'GET',
    urls: ['https://resource.example.org/protectedresource'],
    accessToken: TOKEN_OF_RFC,
    now: 1_562_262_618,
    maxAge: 60,
  };

  it('hold', () => {
    expect(readDpopProof(AT_TOKEN_ENDPOINT, token)).toEqual({
      jkt: JKT_OF_RFC,
      jti: '-BwC3ESc6acc2lTc',
      iat: 1_562_262_616,
      nonce: undefined,
    });
    expect(readDpopProof(AT_RESOURCE, resource)).toMatchObject({ jkt: JKT_OF_RFC });
  });

  it.each<[string, string, ProofExpectations]>([
    ['later', AT_TOKEN_ENDPOINT, { ...token, now: token.now + 60 }],
    ['earlier', AT_TOKEN_ENDPOINT, { ...token, now: token.now - 11 }],
    ['with another method', AT_TOKEN_ENDPOINT, { ...token, method: 'GET' }],
    ['with the method in another case', AT_TOKEN_ENDPOINT, { ...token, method: 'post' }],
    ['elsewhere', AT_TOKEN_ENDPOINT, { ...token, urls: ['https://server.example.com/tokens'] }],
    ['for another token', AT_RESOURCE, { ...resource, accessToken: `${TOKEN_OF_RFC}x` }],
    ['for a token, without its hash', AT_TOKEN_ENDPOINT, { ...token, accessToken: TOKEN_OF_RFC }],
    ['with another payload', AT_RESOURCE.replace('.eyJqdGki', '.eyJqdGkk'), resource],
    ['with the signature of the other', swapped(AT_RESOURCE, AT_TOKEN_ENDPOINT), resource],
  ])('do not hold %s', (_, text, expected) => {
    expect(() => readDpopProof(text, expected)).toThrow();
  });
});

function swapped(one: string, other: string): string {
  return `${one.split('.').slice(0, 2).join('.')}.${other.split('.')[2]}`;
}

const NOW = 1_800_000_000;
const TOKEN = 'a.bound.token';
const URL_OF_REQUEST = 'https://api.example.com/v1/me';
const expected = {
  method: 'GET',
  urls: [URL_OF_REQUEST],
  accessToken: TOKEN,
  now: NOW,
  maxAge: 60,
};

const maker = new ProofMaker();
const target: ProofTarget = { method: 'GET', url: URL_OF_REQUEST, token: TOKEN, now: NOW };
const proof = (variant?: ProofVariant): string => maker.make(target, variant);
const claiming = (claims: Record<string, unknown>): string => proof({ claims: () => claims });
const jktOf = async (signer: ProofSigner): Promise<string> =>
  await calculateJwkThumbprint(maker.jwk(signer));

describe('a proof', () => {
  it.each(GOOD_PROOFS)('with $name is good', async ({ variant }) => {
    const { jkt } = readDpopProof(proof(variant), expected);
    expect(jkt).toBe(await jktOf(variant.by ?? 'ES256'));
  });

  it.each<[string, Record<string, unknown>]>([
    ['an age below the bound by a fraction', { iat: NOW - 59.999 }],
    ['a clock ahead by a little', { iat: NOW + 10 }],
    ['an age below the bound', { iat: NOW - 59 }],
    ['the host in capitals', { htu: 'https://API.example.com/v1/me' }],
    ['the port that goes without saying', { htu: 'https://api.example.com:443/v1/me' }],
    ['an escape too many', { htu: 'https://api.example.com/v1/%6de' }],
    ['a nonce', { nonce: 'x' }],
  ])('with %s is good here', async (_, claims) => {
    expect(readDpopProof(claiming(claims), expected).jkt).toBe(await jktOf('ES256'));
  });

  it.each(HOSTILE_PROOFS)('with $name is not', ({ variant }) => {
    const text = proof(variant);
    expect(() => readDpopProof(text, expected)).toThrow();
  });

  it.each<[string, Record<string, unknown>]>([
    ['another host that begins alike', { htu: 'https://api.example.com.evil.example/v1/me' }],
    ['a slash that is escaped', { htu: 'https://api.example.com/v1%2fme' }],
    ['an age at the bound', { iat: NOW - 60 }],
    ['a clock ahead by a fraction too much', { iat: NOW + 10.001 }],
    ['an age beyond the bound by a fraction', { iat: NOW - 60.001 }],
    ['a clock far ahead', { iat: NOW + 11 }],
    ['no hash', { ath: undefined }],
    ['the hash of another token', { ath: base64url.encode('x'.repeat(32)) }],
    ['an empty hash', { ath: '' }],
  ])('with %s is not', (_, claims) => {
    expect(() => readDpopProof(claiming(claims), expected)).toThrow();
  });

  it('beside another one is not', () => {
    expect(() => readDpopProof(`${proof()},${proof()}`, expected)).toThrow();
    expect(() => readDpopProof('', expected)).toThrow();
  });

  it('names its key as everybody does (RFC 7638)', async () => {
    for (const signer of ['ES256', 'Ed25519', 'RS256'] as const) {
      const jwk = maker.jwk(signer);
      const key = createPublicKey({ key: { ...jwk }, format: 'jwk' });
      expect(thumbprintOf(key)).toBe(await calculateJwkThumbprint(jwk));
    }
  });
});

describe('a bound token', () => {
  let now = NOW;
  const guardOf = () => new PossessionGuard(() => now * 1_000);
  const possession = (...proofs: string[]) => ({ proofs, method: 'GET', urls: [URL_OF_REQUEST] });
  const codeOf = (work: () => void): string => {
    try {
      work();
      return 'taken';
    } catch (error) {
      return error instanceof Refusal ? error.code : String(error);
    }
  };
  const bound = async () => ({ cnf: { jkt: await jktOf('ES256') } });

  it('is taken with a proof by its key, for each request once', async () => {
    const guard = guardOf();
    const claims = await bound();
    const one = proof();
    const request = possession(one);
    expect(codeOf(() => guard.check(TOKEN, claims, request))).toBe('taken');
    // The next call of the same request, and the same proof with another.
    expect(codeOf(() => guard.check(TOKEN, claims, request))).toBe('taken');
    expect(codeOf(() => guard.check(TOKEN, claims, possession(one)))).toBe('invalid_dpop_proof');
    expect(codeOf(() => guard.check('other', claims, request))).toBe('invalid_dpop_proof');
  });

  it('is refused as a bearer, and another token with the scheme', async () => {
    const guard = guardOf();
    const claims = await bound();
    expect(codeOf(() => guard.check(TOKEN, claims, undefined))).toBe('invalid_token');
    expect(codeOf(() => guard.check(TOKEN, {}, undefined))).toBe('taken');
    const request = possession(proof());
    expect(codeOf(() => guard.check(TOKEN, {}, request))).toBe('invalid_token');
  });

  it('is refused with no proof, two, one by another key, and before the issuer was heard', async () => {
    const guard = guardOf();
    const claims = await bound();
    for (const request of [
      possession(),
      possession(proof(), proof()),
      possession(proof({ by: 'Ed25519' })),
    ]) {
      expect(codeOf(() => guard.check(TOKEN, claims, request))).toBe('invalid_dpop_proof');
    }
    const deaf = new PossessionGuard(() => Number.NEGATIVE_INFINITY);
    const request = possession(proof());
    expect(codeOf(() => deaf.check(TOKEN, claims, request))).toBe('verifier_stale');
  });

  it('shares no ids with another key', async () => {
    const guard = guardOf();
    const jti = 'the same';
    const others = { cnf: { jkt: await jktOf('Ed25519') } };
    const own = possession(claiming({ jti }));
    expect(codeOf(() => guard.check(TOKEN, { cnf: undefined }, own))).toBe('invalid_token');
    guard.check(TOKEN, await bound(), own);
    const theirs = possession(proof({ by: 'Ed25519', claims: () => ({ jti }) }));
    expect(codeOf(() => guard.check(TOKEN, others, theirs))).toBe('taken');
  });

  it('has its proofs remembered for as long as they are good, whatever the moment', async () => {
    const claims = await bound();
    for (let offset = 0; offset <= 72; offset += 1) {
      now = NOW;
      const guard = guardOf();
      expect(codeOf(() => guard.check(TOKEN, claims, undefined))).toBe('invalid_token');
      const first = possession(proof());
      guard.check(TOKEN, claims, first); // the first turn begins
      now = NOW + offset;
      const ahead = claiming({ iat: now + 10 });
      guard.check(TOKEN, claims, possession(ahead));
      for (let later = 0; later < 69; later += 1) {
        now = NOW + offset + later;
        expect(codeOf(() => guard.check(TOKEN, claims, possession(ahead)))).toBe(
          'invalid_dpop_proof',
        );
      }
    }
    now = NOW;
  });
});
