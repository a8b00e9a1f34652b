/** Proofs of possession, against RFC 9449 section 4.3, and its own examples. */
import { Refusal } from '@portcullis/contracts';
import {
  base64url,
  calculateJwkThumbprint,
  CompactSign,
  exportJWK,
  generateKeyPair,
  type CryptoKey,
} from 'jose';
import { createHash, createPublicKey } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
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

interface Pair {
  privateKey: CryptoKey;
  jwk: Record<string, unknown>;
}
let es256: Pair;
let ed25519: Pair;

beforeAll(async () => {
  [es256, ed25519] = await Promise.all([pair('ES256'), pair('Ed25519')]);
});

async function pair(alg: string): Promise<Pair> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { privateKey, jwk: { ...(await exportJWK(publicKey)) } };
}

interface Variant {
  key?: () => Pair;
  header?: () => Record<string, unknown>;
  claims?: Record<string, unknown>;
}

async function proof({ key = () => es256, header = () => ({}), claims = {} }: Variant = {}) {
  const { privateKey, jwk } = key();
  const alg = jwk['kty'] === 'EC' ? 'ES256' : 'EdDSA';
  const said = {
    jti: crypto.randomUUID(),
    htm: 'GET',
    htu: URL_OF_REQUEST,
    iat: NOW,
    ath: createHash('sha256').update(TOKEN).digest('base64url'),
    ...claims,
  };
  return await new CompactSign(new TextEncoder().encode(JSON.stringify(said)))
    .setProtectedHeader({ alg, typ: 'dpop+jwt', jwk, ...header() })
    // What an extension means is for whoever names one.
    .sign(privateKey, { crit: { x: true } });
}

describe('a proof', () => {
  it.each<[string, Variant]>([
    ['ES256', {}],
    ['EdDSA', { key: () => ed25519 }],
    [
      'a key that names its algorithm',
      { key: () => ed25519, header: () => ({ jwk: { ...ed25519.jwk, alg: 'EdDSA' } }) },
    ],
    [
      'a key that names it by its newer name',
      { key: () => ed25519, header: () => ({ jwk: { ...ed25519.jwk, alg: 'Ed25519' } }) },
    ],
    ['Ed25519 by its newer name', { key: () => ed25519, header: () => ({ alg: 'Ed25519' }) }],
    ['its type in capitals', { header: () => ({ typ: 'DPoP+JWT' }) }],
    ['its type in full', { header: () => ({ typ: 'application/dpop+jwt' }) }],
    ['a thumbprint of a certificate', { header: () => ({ x5t: 'A1bC2dE3fH4iJ5kL6mN7oP8qR9s' }) }],
    ['a fraction for an iat', { claims: { iat: NOW + 0.25 } }],
    ['an age below the bound by a fraction', { claims: { iat: NOW - 59.999 } }],
    ['a clock ahead by a little', { claims: { iat: NOW + 10 } }],
    ['an age below the bound', { claims: { iat: NOW - 59 } }],
    ['the query', { claims: { htu: `${URL_OF_REQUEST}?a=b#c` } }],
    ['the host in capitals', { claims: { htu: 'https://API.example.com/v1/me' } }],
    ['the port that goes without saying', { claims: { htu: 'https://api.example.com:443/v1/me' } }],
    ['an escape too many', { claims: { htu: 'https://api.example.com/v1/%6de' } }],
    ['more than is asked for', { claims: { other: [1, 2, 3] } }],
    ['a nonce', { claims: { nonce: 'x' } }],
  ])('with %s is good', async (_, variant) => {
    const { jkt } = readDpopProof(await proof(variant), expected);
    expect(jkt).toBe(await calculateJwkThumbprint((variant.key?.() ?? es256).jwk));
  });

  it.each<[string, Variant]>([
    ['the type of an access token', { header: () => ({ typ: 'at+jwt' }) }],
    ['no type', { header: () => ({ typ: undefined }) }],
    ['a type that only begins so', { header: () => ({ typ: 'dpop+jwt2' }) }],
    ['its type below another tree', { header: () => ({ typ: 'text/dpop+jwt' }) }],
    ['a list for a type', { header: () => ({ typ: ['dpop+jwt'] }) }],
    ['a certificate to be trusted', { header: () => ({ x5c: ['MIIC'] }) }],
    ['no key', { header: () => ({ jwk: undefined }) }],
    ['another key', { header: () => ({ jwk: ed25519.jwk }) }],
    ['a private key', { header: () => ({ jwk: { ...es256.jwk, d: es256.jwk['x'] } }) }],
    ['a shared key', { header: () => ({ jwk: { kty: 'oct', k: 'c2VjcmV0' } }) }],
    [
      'a point that is not on its curve',
      { header: () => ({ jwk: { ...es256.jwk, x: es256.jwk['y'] } }) },
    ],
    ['a key of another curve', { header: () => ({ jwk: { ...es256.jwk, crv: 'P-384' } }) }],
    ['a key that is text', { header: () => ({ jwk: 'x' }) }],
    ['a list for a key', { header: () => ({ jwk: [es256.jwk] }) }],
    ['a key to be fetched', { header: () => ({ jku: 'https://elsewhere.example' }) }],
    ['compression', { header: () => ({ zip: 'DEF' }) }],
    ['an extension that must be understood', { header: () => ({ crit: ['x'], x: 1 }) }],
    ['a key for another algorithm', { header: () => ({ jwk: { ...es256.jwk, alg: 'EdDSA' } }) }],
    ['no jti', { claims: { jti: undefined } }],
    ['an empty jti', { claims: { jti: '' } }],
    ['a jti without end', { claims: { jti: 'x'.repeat(257) } }],
    ['no htm', { claims: { htm: undefined } }],
    ['another htm', { claims: { htm: 'POST' } }],
    ['no htu', { claims: { htu: undefined } }],
    ['another path', { claims: { htu: 'https://api.example.com/v1/me/' } }],
    ['another scheme', { claims: { htu: 'http://api.example.com/v1/me' } }],
    ['another port', { claims: { htu: 'https://api.example.com:444/v1/me' } }],
    ['another host', { claims: { htu: 'https://api.example.com.evil.example/v1/me' } }],
    ['credentials in its address', { claims: { htu: 'https://a:b@api.example.com/v1/me' } }],
    ['a path alone', { claims: { htu: '/v1/me' } }],
    ['a slash that is escaped', { claims: { htu: 'https://api.example.com/v1%2fme' } }],
    ['no iat', { claims: { iat: undefined } }],
    ['an iat that is text', { claims: { iat: String(NOW) } }],
    ['an age at the bound', { claims: { iat: NOW - 60 } }],
    ['a clock ahead by a fraction too much', { claims: { iat: NOW + 10.001 } }],
    ['an age beyond the bound by a fraction', { claims: { iat: NOW - 60.001 } }],
    ['a clock far ahead', { claims: { iat: NOW + 11 } }],
    ['no hash', { claims: { ath: undefined } }],
    ['the hash of another token', { claims: { ath: base64url.encode('x'.repeat(32)) } }],
    ['an empty hash', { claims: { ath: '' } }],
    ['a nonce that is no text', { claims: { nonce: 1 } }],
  ])('with %s is not', async (_, variant) => {
    const text = await proof(variant);
    expect(() => readDpopProof(text, expected)).toThrow();
  });

  it('without a signature, or with an algorithm of its own, is not', async () => {
    const [header = '', payload = '', signature = ''] = (await proof()).split('.');
    const said = JSON.parse(Buffer.from(header, 'base64url').toString());
    const named = (alg: unknown) =>
      Buffer.from(JSON.stringify({ ...said, alg })).toString('base64url');
    for (const text of [
      `${header}.${payload}.`,
      `${header}.${payload}`,
      `${header}.${payload}.${signature}.`,
      `${header}.${payload}.${signature}=`,
      `${header}.${payload}.${withStrayBits(signature)}`,
      `${header}.${payload}.${'A'.repeat(86)}`,
      ...['none', 'HS256', 'RS256', 'ES384', 'EdDSA', '', null].map(
        (alg) => `${named(alg)}.${payload}.${signature}`,
      ),
      '',
      'x',
      `${await proof()},${await proof()}`,
      'x'.repeat(5_000),
    ]) {
      expect(() => readDpopProof(text, expected)).toThrow();
    }
  });

  it('names its key as everybody does (RFC 7638)', async () => {
    for (const { jwk } of [es256, ed25519, await pair('RS256')]) {
      const key = createPublicKey({ key: jwk, format: 'jwk' });
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
  const bound = async () => ({ cnf: { jkt: await calculateJwkThumbprint(es256.jwk) } });

  it('is taken with a proof by its key, for each request once', async () => {
    const guard = guardOf();
    const claims = await bound();
    const one = await proof();
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
    const request = possession(await proof());
    expect(codeOf(() => guard.check(TOKEN, {}, request))).toBe('invalid_token');
  });

  it('is refused with no proof, two, one by another key, and before the issuer was heard', async () => {
    const guard = guardOf();
    const claims = await bound();
    for (const request of [
      possession(),
      possession(await proof(), await proof()),
      possession(await proof({ key: () => ed25519 })),
    ]) {
      expect(codeOf(() => guard.check(TOKEN, claims, request))).toBe('invalid_dpop_proof');
    }
    const deaf = new PossessionGuard(() => Number.NEGATIVE_INFINITY);
    const request = possession(await proof());
    expect(codeOf(() => deaf.check(TOKEN, claims, request))).toBe('verifier_stale');
  });

  it('shares no ids with another key', async () => {
    const guard = guardOf();
    const jti = 'the same';
    const others = { cnf: { jkt: await calculateJwkThumbprint(ed25519.jwk) } };
    const own = possession(await proof({ claims: { jti } }));
    expect(codeOf(() => guard.check(TOKEN, { cnf: undefined }, own))).toBe('invalid_token');
    guard.check(TOKEN, await bound(), own);
    const theirs = possession(await proof({ key: () => ed25519, claims: { jti } }));
    expect(codeOf(() => guard.check(TOKEN, others, theirs))).toBe('taken');
  });

  it('has its proofs remembered for as long as they are good, whatever the moment', async () => {
    const claims = await bound();
    for (let offset = 0; offset <= 72; offset += 1) {
      now = NOW;
      const guard = guardOf();
      expect(codeOf(() => guard.check(TOKEN, claims, undefined))).toBe('invalid_token');
      const first = possession(await proof());
      guard.check(TOKEN, claims, first); // the first turn begins
      now = NOW + offset;
      const ahead = await proof({ claims: { iat: now + 10 } });
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

/** Another spelling of the same bytes: 64 of them leave four low bits of the last character unused. */
function withStrayBits(signature: string): string {
  const last = signature.charAt(signature.length - 1);
  const stray = String.fromCharCode(last.charCodeAt(0) + 1);
  const spelling = signature.slice(0, -1) + stray;
  const [one, other] = [signature, spelling].map((text) => Buffer.from(text, 'base64url'));
  if (one?.equals(other ?? Buffer.alloc(0)) !== true) throw new Error('these are other bytes');
  return spelling;
}
