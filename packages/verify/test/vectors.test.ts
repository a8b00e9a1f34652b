/**
 * The examples of the RFCs, word for word (vectors/rfc-tokens.json). Each is in order for its own
 * purpose, as jose confirms; what this package would verify with is verified here too; and none is
 * taken for an access token.
 */
import { Refusal } from '@portcullis/contracts';
import { createTestIssuer, segmentsOf, type TestIssuer } from '@portcullis/testkit';
import { calculateJwkThumbprint, compactVerify, importJWK } from 'jose';
import { createHash, createPublicKey, type JsonWebKey } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createVerifier, signatureHolds, type Algorithm, type Verifier } from '../src/index.ts';
import vectors from './vectors/rfc-tokens.json' with { type: 'json' };

let issuer: TestIssuer;
let verifier: Verifier;
beforeAll(async () => {
  issuer = await createTestIssuer();
  const { audience, revocations } = issuer;
  const feed = revocations.feed();
  verifier = await createVerifier({ issuer: issuer.issuer, audience, service: 'test', feed });
  await verifier.ready();
});
afterAll(async () => {
  await verifier[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
});

interface Vector {
  source: string;
  alg: string;
  token: string;
  jwk: JsonWebKey | null;
}
const all: readonly Vector[] = vectors;
const signed = all.filter(({ alg }) => alg !== 'none');
const ours = all.filter(({ alg }) => ['ES256', 'RS256', 'EdDSA'].includes(alg));

function parsedOf({ token, alg }: Vector) {
  const [header, payload, signature] = segmentsOf(token);
  return {
    kid: '',
    alg: alg as Algorithm,
    payload: {},
    signed: `${header}.${payload}`,
    signature: Buffer.from(signature, 'base64url'),
  };
}

function keyOf({ alg, jwk }: Vector) {
  return {
    kid: '',
    alg: alg as Algorithm,
    key: createPublicKey({ key: jwk ?? {}, format: 'jwk' }),
  };
}

describe('the examples of RFC 7515, 7520, 8037 and 9449', () => {
  it.each(signed)('$source ($alg) holds, as jose says', async ({ token, jwk, alg }) => {
    const { protectedHeader } = await compactVerify(token, await importJWK(jwk ?? {}, alg));
    expect(protectedHeader.alg).toBe(alg);
  });

  it.each(ours)('$source ($alg) holds here', (vector) => {
    expect(signatureHolds(parsedOf(vector), keyOf(vector))).toBe(true);
  });

  it.each(ours)(
    '$source ($alg) holds with nothing changed, nor for another algorithm',
    (vector) => {
      const parsed = parsedOf(vector);
      const key = keyOf(vector);
      for (const bit of [0, 7, 200, 511]) {
        const signature = Buffer.from(parsed.signature);
        signature[bit >> 3] = (signature[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7));
        expect(signatureHolds({ ...parsed, signature }, key)).toBe(false);
      }
      expect(signatureHolds({ ...parsed, signed: `${parsed.signed}A` }, key)).toBe(false);
      for (const alg of ['ES256', 'RS256', 'EdDSA'] as const) {
        if (alg !== parsed.alg) expect(signatureHolds({ ...parsed, alg }, key)).toBe(false);
      }
    },
  );

  it.each(all)('$source ($alg) is no access token', async ({ token }) => {
    const error: unknown = await verifier.verify(token).catch((thrown: unknown) => thrown);
    const { code, status, message } = new Refusal('invalid_token');
    expect(error).toBeInstanceOf(Refusal);
    expect(error).toMatchObject({ code, status, message });
  });
});

it('RFC 9449: the hash of the access token and the thumbprint of the key are as it says', async () => {
  const proof = all.find(({ source }) => source === 'RFC 9449 section 7.1');
  const claims = JSON.parse(Buffer.from(segmentsOf(proof?.token ?? '')[1], 'base64url').toString());
  const accessToken = 'Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU';
  expect(claims.ath).toBe(createHash('sha256').update(accessToken).digest('base64url'));
  const jkt = await calculateJwkThumbprint({ ...proof?.jwk });
  expect(jkt).toBe('0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I');
});

describe('RFC 9068 section 3, its example', () => {
  const header = { typ: 'at+JWT', alg: 'RS256', kid: 'RjEwOwOA' };
  const claims = {
    iss: 'https://authorization-server.example.com/',
    sub: '5ba552d67',
    aud: 'https://rs.example.com/',
    exp: 1_639_528_912,
    iat: 1_618_354_090,
    jti: 'dbe39bf3a3ba4238a513f51d6e1691c4',
    client_id: 's6BhdRkqt3',
    scope: 'openid profile reademail',
  };

  it('is the form in which tokens are taken here: header and every claim, filled with our own', async () => {
    const own = await createTestIssuer();
    await own.rotate('RS256');
    const { audience, revocations } = own;
    const feed = revocations.feed();
    const its = await createVerifier({ issuer: own.issuer, audience, service: 'test', feed });
    await its.ready();
    const token = await own.mintMachine(
      { scope: claims.scope },
      { header: { typ: header.typ, alg: header.alg } },
    );
    const filled = await its.verify(token);
    expect(Object.keys(filled)).toEqual(expect.arrayContaining(Object.keys(claims)));
    // With its own values it is another caller's token.
    const foreign = own.signRaw(JSON.stringify(header), JSON.stringify(claims));
    await expect(its.verify(foreign)).rejects.toMatchObject({ code: 'invalid_token' });
    await its[Symbol.asyncDispose]();
    await own[Symbol.asyncDispose]();
  });

  it.each(Object.keys(claims))('requires %s', async (name) => {
    const token = await issuer.mintMachine({ scope: 'a', [name]: undefined });
    await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'invalid_token' });
  });
});
