/** The guard at a server of `node:http2`, where the host is `:authority` and cookies come in parts. */
import { createTestIssuer, type TestIssuer } from '@portcullis/testkit';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type ClientHttp2Session, type Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGuard, type Guard } from '../../src/guard/index.ts';
import { createVerifier, type Verifier } from '../../src/index.ts';

let issuer: TestIssuer;
let verifier: Verifier;
let server: Http2Server;
let client: ClientHttp2Session;
let url: string;
let guard: Guard;
let token: string;

beforeAll(async () => {
  issuer = await createTestIssuer();
  verifier = await createVerifier({
    issuer: issuer.issuer,
    audience: issuer.audience,
    service: 'test',
    feed: issuer.revocations.feed(),
  });
  await verifier.ready();
  token = await issuer.mint();
  server = createServer((request, response) => {
    void guard.check(request).then(({ answer }) => {
      if (answer === undefined) response.writeHead(200).end('{}');
      else response.writeHead(answer.status, answer.headers).end(JSON.stringify(answer.body));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  guard = createGuard(verifier, { cookies: {}, publicUrls: [url] });
  client = connect(url);
});
afterAll(async () => {
  client.close();
  server.close();
  await verifier[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
});

/** @returns the status, with the code of a refusal */
async function ask(headers: Record<string, string | string[]>): Promise<string> {
  const stream = client.request({ ':method': 'POST', ':path': '/orders', ...headers });
  stream.end();
  let status = 0;
  stream.on('response', (answer) => {
    status = answer[':status'] ?? 0;
  });
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  const { code = '' } = JSON.parse(Buffer.concat(chunks).toString()) as { code?: string };
  return `${status} ${code}`.trim();
}

describe('over HTTP/2', () => {
  const access = (): string => `__Host-portcullis-access=${token}`;

  it('a bearer is let in, and a request without a token is not', async () => {
    expect(await ask({ authorization: `Bearer ${token}` })).toBe('200');
    expect(await ask({})).toBe('401 invalid_token');
  });

  it('a cookie counts from a page of the same authority, and from no other', async () => {
    const own = { cookie: access(), origin: url };
    expect(await ask(own)).toBe('200');
    expect(await ask({ ...own, 'sec-fetch-site': 'same-origin' })).toBe('200');
    const foreign = { cookie: access(), origin: 'http://127.0.0.1:1' };
    expect(await ask(foreign)).toBe('403 cross_site');
    expect(await ask({ cookie: access() })).toBe('403 cross_site');
  });

  it('the authority is what counts beside another Host (RFC 9113 section 8.3.1)', async () => {
    const both = { ':authority': new URL(url).host, host: '127.0.0.1:1', cookie: access() };
    expect(await ask({ ...both, origin: url })).toBe('200');
    expect(await ask({ ...both, origin: `http://${both.host}` })).toBe('403 cross_site');
  });

  it('a cookie is found among parts, and refused twice', async () => {
    const origin = url;
    expect(await ask({ cookie: ['theme=dark', access()], origin })).toBe('200');
    expect(await ask({ cookie: [access(), access()], origin })).toBe('401 invalid_token');
  });

  it('a bound token is good with a proof for the configured address alone', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const jwk = await exportJWK(publicKey);
    const bound = await issuer.mint({ cnf: { jkt: await calculateJwkThumbprint(jwk) } });
    const proofFor = async (origin: string) =>
      new SignJWT({
        jti: crypto.randomUUID(),
        htm: 'POST',
        htu: `${origin}/orders`,
        iat: Math.floor(Date.now() / 1_000),
        ath: createHash('sha256').update(bound).digest('base64url'),
      })
        .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
        .sign(privateKey);
    const authorization = `DPoP ${bound}`;
    expect(await ask({ authorization, dpop: await proofFor(url) })).toBe('200');
    const forged = {
      authorization,
      dpop: await proofFor('http://evil.example'),
      ':authority': 'evil.example',
      host: 'evil.example',
    };
    expect(await ask(forged)).toBe('401 invalid_dpop_proof');
    const twice = [await proofFor(url), await proofFor(url)];
    expect(await ask({ authorization, dpop: twice })).toBe('401 invalid_dpop_proof');
  });
});
