/** A tRPC router of one's own, as README and the comments of the package have it, over HTTP. */
import { newId, Refusal } from '@portcullis/contracts';
import { createTestIssuer, type TestIssuer } from '@portcullis/testkit';
import { initTRPC, TRPCError } from '@trpc/server';
import { createHTTPServer } from '@trpc/server/adapters/standalone';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDpopNonces, type GuardOptions, type TokenCheck } from '../../src/guard/index.ts';
import { createVerifier, type Verifier } from '../../src/index.ts';
import * as trpc from '../../src/trpc/index.ts';

let issuer: TestIssuer;
let verifier: Verifier;
const closing: (() => void)[] = [];

beforeAll(async () => {
  issuer = await createTestIssuer();
  verifier = await createVerifier({
    issuer: issuer.issuer,
    audience: issuer.audience,
    service: 'orders',
    feed: issuer.revocations.feed(),
  });
  await verifier.ready();
});
afterAll(async () => {
  for (const close of closing) close();
  await verifier[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
});

type Options = Parameters<typeof createHTTPServer>[0];

/** @returns the address of its one procedure */
async function serve(
  checked: TokenCheck,
  settings: object,
  options: object,
  demands: GuardOptions<'user'> = {},
): Promise<string> {
  const t = initTRPC.context<trpc.GuardedContext>().create(settings);
  const router = t.router({
    mine: t.procedure.use(trpc.protect(checked, demands)).query(({ ctx }) => ctx.token.sub),
  });
  const server = createHTTPServer({ router, ...options } as Options);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mine`;
}

const statusOf = async (url: string, headers: Record<string, string>): Promise<number> =>
  (await fetch(url, { headers })).status;

it('W2: a cookie that does not count is refused, and is no fault of the service', async () => {
  const url = await serve(
    verifier,
    {},
    // As the comment of `protect` has it.
    { createContext: ({ req }: { req: never }) => ({ request: req }) },
    { cookies: {} },
  );
  const access = `__Host-portcullis-access=${await issuer.mint()}`;
  const own = { 'sec-fetch-site': 'same-origin' };
  expect(await statusOf(url, { ...own, cookie: access })).toBe(200);
  expect(await statusOf(url, { 'sec-fetch-site': 'cross-site', cookie: access })).toBe(403);
  expect(await statusOf(url, { ...own, cookie: `${access}; ${access}` })).toBe(401);
  const headers = { ...own, cookie: access, authorization: `Bearer ${await issuer.mint()}` };
  expect(await statusOf(url, headers)).toBe(401);
});

it('W2: in cookie mode a cookie that does not hold is a token that was offered', async () => {
  const cookies = {};
  const own = { 'sec-fetch-site': 'same-origin', cookie: '__Host-portcullis-access=a.b.c' };
  const createContext = ({ req }: { req: never }) => ({ request: req });
  const challengeWith = async (responseMeta: unknown) => {
    const url = await serve(verifier, {}, { createContext, responseMeta }, { cookies });
    const answer = await fetch(url, { headers: own });
    expect(answer.status).toBe(401);
    return answer.headers.get('www-authenticate');
  };
  const bearer = 'Bearer realm="portcullis"';
  const algs = 'DPoP algs="ES256 EdDSA Ed25519"';
  expect(await challengeWith(trpc.refusalMetaWith({ cookies }))).toBe(
    `${bearer}, error="invalid_token", ${algs}`,
  );
  // Of cookies it knows nothing, and says so of this one.
  expect(await challengeWith(trpc.refusalMeta)).toBe(`${bearer}, ${algs}`);
  expect(await challengeWith(trpc.refusalMetaWith({ cookies, publicUrls: [] }))).toBe(
    `${bearer}, error="invalid_token"`,
  );
});

it('a router with nonces gives the next one with each answer, to an old one in time', async () => {
  let ahead = 0;
  const nonces = createDpopNonces(randomBytes(32), () => Date.now() / 1_000 + ahead);
  const meta = trpc.refusalMetaWith({ nonces });
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const jwk = await exportJWK(publicKey);
  const proof = await new SignJWT({ nonce: nonces.issue() })
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
    .sign(privateKey);
  const request = { headers: { authorization: 'DPoP a.b.c', dpop: proof } };
  expect(meta({ ctx: { request }, errors: [] })).toEqual({ headers: {} });
  ahead = 121;
  const next = {
    'dpop-nonce': expect.stringMatching(/^\w+\.[\w-]{22}$/),
    'cache-control': 'no-store',
  };
  expect(meta({ ctx: { request }, errors: [] })).toEqual({ headers: next });
  const cause = new Refusal('insufficient_scope');
  const errors = [new TRPCError({ code: 'FORBIDDEN', cause })];
  expect(meta({ ctx: { request }, errors, paths: ['mine'] })).toMatchObject({
    status: 403,
    headers: { ...next, 'www-authenticate': expect.stringContaining('insufficient_scope') },
  });
});

it('names the request and what is wrong with its input, and nothing of a defect', async () => {
  const settings = { errorFormatter: trpc.formatRefusal };
  const options = {
    createContext: ({ req }: { req: never }) => ({ request: req, requestId: 'req_1' }),
    responseMeta: trpc.refusalMeta,
  };
  const askWith = async (checked: TokenCheck) => {
    const headers = { authorization: 'Bearer a.b.c' };
    const answer = await fetch(await serve(checked, settings, options), { headers });
    const text = await answer.text();
    return { status: answer.status, text, body: JSON.parse(text) as unknown };
  };
  const issues = [{ path: 'name', message: 'is missing' }];
  const { status, body } = await askWith({
    verifyMaybeSync: () => Promise.reject(new Refusal('invalid_request', { issues })),
  });
  const portcullis = { code: 'invalid_request', request_id: 'req_1', issues };
  expect([status, body]).toMatchObject([400, { error: { data: { portcullis } } }]);
  const broken: TokenCheck[] = [
    { verifyMaybeSync: () => Promise.reject(new Error('a private text')) },
    {
      verifyMaybeSync() {
        throw new Error('a private text');
      },
    },
  ];
  for (const checked of broken) {
    const defect = await askWith(checked);
    expect(defect.text).not.toContain('private');
    expect([defect.status, defect.body]).toMatchObject([
      500,
      { error: { data: { portcullis: { code: 'internal', request_id: 'req_1' } } } },
    ]);
  }
});

it("W3: the service of the README refuses as Portcullis' own services do", async () => {
  const readme = await readFile(new URL('../../../../README.md', import.meta.url), 'utf8');
  const named = (pattern: RegExp): unknown => {
    const [, name = 'none'] = pattern.exec(readme) ?? [];
    return Object.entries(trpc).find(([exported]) => exported === name)?.[1];
  };
  const settings = { errorFormatter: named(/errorFormatter: (\w+)/) };
  const options = {
    createContext: ({ req }: { req: never }) => ({ request: req }),
    responseMeta: named(/responseMeta: (\w+)/),
  };
  const call = async (url: string, token?: string, scheme = 'Bearer') => {
    const answer = await fetch(url, {
      headers: token === undefined ? {} : { authorization: `${scheme} ${token}` },
    });
    const body = (await answer.json()) as { error?: { data: { portcullis?: { code: string } } } };
    return {
      status: answer.status,
      challenge: answer.headers.get('www-authenticate')?.replace(/algs="[^"]*"/, 'algs'),
      retryAfter: answer.headers.get('retry-after'),
      code: body.error?.data.portcullis?.code,
    };
  };
  const url = await serve(verifier, settings, options);
  const bearer = 'Bearer realm="portcullis"';
  expect(await call(url)).toEqual({
    status: 401,
    challenge: `${bearer}, DPoP algs`,
    retryAfter: null,
    code: 'invalid_token',
  });
  const invalid = { status: 401, challenge: `${bearer}, error="invalid_token", DPoP algs` };
  const [sid, sub] = [newId('ses'), newId('usr')];
  const revoked = await issuer.mint({ sid });
  const changed = await issuer.mint({ sub });
  expect(await call(url, revoked)).toMatchObject({ status: 200 });
  issuer.revocations.revoke({ kind: 'session', key: sid });
  issuer.revocations.revoke({ kind: 'claims_changed', key: sub, generation: 1 });
  expect(await call(url, revoked)).toMatchObject({ ...invalid, code: 'invalid_token' });
  expect(await call(url, changed)).toMatchObject({ ...invalid, code: 'token_stale' });
  expect(await call(url, await issuer.mint(), 'DPoP')).toMatchObject({
    status: 401,
    challenge: expect.stringMatching(/^DPoP algs, error="/),
  });

  // One that has never heard of the issuer's revocations cannot be sure of any token.
  await using unsure = await createVerifier({
    issuer: issuer.issuer,
    audience: issuer.audience,
    service: 'orders',
    feed: {
      open: async () => undefined,
      request: async () => await Promise.reject(new Error('nobody answers')),
      acknowledge: () => undefined,
      deregister: async () => undefined,
      close: async () => undefined,
    },
  });
  expect(await call(await serve(unsure, settings, options), await issuer.mint())).toMatchObject({
    status: 503,
    retryAfter: expect.stringMatching(/^[1-9]/),
    code: 'verifier_stale',
  });
});
