/** Bound tokens at a guard that has their proofs hold a nonce (RFC 9449 sections 8.2 and 9). */
import { createTestIssuer, type TestIssuer } from '@portcullis/testkit';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { createHash, randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDpopNonces, createGuard } from '../../src/guard/index.ts';
import { createVerifier, type Verifier } from '../../src/index.ts';

const SECRET = randomBytes(32);
let issuer: TestIssuer;
let verifier: Verifier;
let server: Server;
let url: string;
let token: string;
let prove: (nonce: string | undefined) => Promise<string>;
/** Seconds by which the guard's clock is ahead. */
let ahead = 0;

beforeAll(async () => {
  issuer = await createTestIssuer();
  verifier = await createVerifier({
    issuer: issuer.issuer,
    audience: issuer.audience,
    service: 'test',
    feed: issuer.revocations.feed(),
  });
  await verifier.ready();
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const jwk = await exportJWK(publicKey);
  token = await issuer.mint({ cnf: { jkt: await calculateJwkThumbprint(jwk) } });
  server = createServer((request, response) => {
    void guard.check(request).then(({ answer, headers }) => {
      if (answer === undefined) response.writeHead(200, headers).end('{}');
      else response.writeHead(answer.status, answer.headers).end(JSON.stringify(answer.body));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const nonces = createDpopNonces(SECRET, () => Date.now() / 1_000 + ahead);
  const guard = createGuard(verifier, { publicUrls: [url], nonces });
  const ath = createHash('sha256').update(token).digest('base64url');
  prove = async (nonce) =>
    new SignJWT({
      jti: crypto.randomUUID(),
      htm: 'GET',
      htu: `${url}/orders`,
      iat: Math.floor(Date.now() / 1_000),
      ath,
      ...(nonce !== undefined && { nonce }),
    })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
      .sign(privateKey);
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await verifier[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
});
beforeEach(() => {
  ahead = 0;
});

async function ask(headers: Record<string, string>) {
  const answer = await fetch(`${url}/orders`, { headers });
  const body = (await answer.json()) as { code?: string };
  const nonce = answer.headers.get('dpop-nonce');
  return { status: answer.status, code: body.code, nonce, headers: answer.headers };
}
const askBound = async (nonce: string | undefined) =>
  ask({ authorization: `DPoP ${token}`, dpop: await prove(nonce) });

describe('a proof', () => {
  it('is asked for once more, with a nonce, and taken then', async () => {
    const first = await askBound(undefined);
    expect(first).toMatchObject({ status: 401, code: 'use_dpop_nonce' });
    expect(first.headers.get('www-authenticate')).toMatch(/^DPoP .*, error="use_dpop_nonce"$/);
    expect(await askBound(first.nonce ?? '')).toMatchObject({ status: 200, nonce: null });
  });

  it.each([
    ['that no service gave', () => 'abc.AAAAAAAAAAAAAAAAAAAAAA'],
    ['of another secret', () => createDpopNonces(randomBytes(32)).issue()],
    ['of none', () => ''],
  ])('is refused with the nonce %s', async (_, make) => {
    const answer = await askBound(make());
    expect(answer).toMatchObject({ status: 401, code: 'use_dpop_nonce' });
    expect((await askBound(answer.nonce ?? '')).status).toBe(200);
  });

  it('is taken by every instance that has the secret', async () => {
    expect((await askBound(createDpopNonces(SECRET).issue())).status).toBe(200);
  });

  it('gets the next nonce before its own is over, and is refused after that', async () => {
    const { nonce } = await askBound(undefined);
    ahead = 121;
    const renewed = await askBound(nonce ?? '');
    expect(renewed).toMatchObject({
      status: 200,
      nonce: expect.stringMatching(/^\w+\.[\w-]{22}$/),
    });
    ahead = 301;
    expect(await askBound(nonce ?? '')).toMatchObject({ status: 401, code: 'use_dpop_nonce' });
    expect((await askBound(renewed.nonce ?? '')).status).toBe(200);
  });
});

it('the next nonce comes with whatever is answered, and to no client whose own was never good', async () => {
  const nonces = createDpopNonces(SECRET, () => Date.now() / 1_000 + ahead);
  const strict = createGuard(verifier, { publicUrls: [url], nonces, require: { role: 'admin' } });
  const requestWith = async (nonce: string) => ({
    method: 'GET',
    url: '/orders',
    headers: { authorization: `DPoP ${token}`, dpop: await prove(nonce) },
  });
  const nonce = nonces.issue();
  const young = await strict.check(await requestWith(nonce));
  expect(young.answer?.headers).not.toHaveProperty('dpop-nonce');
  ahead = 121;
  const { refusal, answer } = await strict.check(await requestWith(nonce));
  expect(refusal?.code).toBe('insufficient_scope');
  const renewed = answer?.headers['dpop-nonce'] ?? '';
  expect(nonces.read(renewed)).toMatchObject({ needsRenewal: false });
  const [mine, others] = [
    await requestWith(nonce),
    await requestWith('abc.AAAAAAAAAAAAAAAAAAAAAA'),
  ];
  expect(strict.headersOf(mine)).toHaveProperty('dpop-nonce');
  for (const request of [
    others,
    { ...mine, headers: { ...mine.headers, dpop: 'no proof' } },
    { ...mine, headers: { ...mine.headers, authorization: 'Bearer a.b.c' } },
  ]) {
    expect(strict.headersOf(request)).toEqual({});
  }
});

it('a bearer needs no nonce, and gets none', async () => {
  const bearer = await ask({ authorization: `Bearer ${await issuer.mint()}` });
  expect(bearer).toMatchObject({ status: 200, nonce: null });
});

it('a secret that can be guessed is a TypeError', () => {
  expect(() => createDpopNonces(randomBytes(31))).toThrow(TypeError);
});
