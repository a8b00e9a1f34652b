/** A tRPC router of one's own, as README and the comments of the package have it, over HTTP. */
import { newId } from '@portcullis/contracts';
import { createTestIssuer, type TestIssuer } from '@portcullis/testkit';
import { initTRPC } from '@trpc/server';
import { createHTTPServer } from '@trpc/server/adapters/standalone';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
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
  checked: Verifier,
  settings: object,
  options: object,
  demands: Parameters<typeof trpc.protect<'user'>>[1] = {},
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
