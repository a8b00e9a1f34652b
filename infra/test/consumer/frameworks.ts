/**
 * Run in a project of its own by `npm run pack:check`: each framework that is installed there, behind its guard and on a port,
 * is asked by HTTP. What each answers to every kind of credentials is compared in `infra/test/answers`; here it is that
 * these versions work at all, so it takes one token of each outcome.
 */
import { isUserClaims } from '@portcullis/contracts';
import { createTestIssuer, portOf } from '@portcullis/testkit';
import { createVerifier, type Verifier } from '@portcullis/verify';
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { PREFIX } from '../answers/frameworks/framework.ts';
import { FRAMEWORKS } from '../answers/frameworks/index.ts';
import { startTrpc } from '../answers/frameworks/trpc.ts';
import { trySocketIo } from './socket-io.ts';

interface Tokens {
  good: string;
  revoked: string;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server);
  server.close();
  await once(server, 'close');
  return port;
}

async function ask(url: string, token?: string) {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(url, { headers });
  const body: unknown = await response.json();
  return { status: response.status, challenge: response.headers.get('www-authenticate'), body };
}

async function isGuarded(url: string, { good, revoked }: Tokens): Promise<void> {
  equal((await ask(url, good)).status, 200);
  for (const token of [undefined, 'a.b.c', revoked]) {
    const { status, challenge } = await ask(url, token);
    equal(status, 401);
    match(challenge ?? '', token === undefined ? /^Bearer/ : /^Bearer .*error="invalid_token"/);
  }
}

async function tryFramework(
  name: keyof typeof FRAMEWORKS,
  verifier: Verifier,
  tokens: Tokens,
): Promise<void> {
  const port = await freePort();
  const close = await FRAMEWORKS[name]({
    verifier,
    port,
    common: { publicUrls: [`http://127.0.0.1:${port}`] },
    routes: [
      { name: 'users', options: {}, handle: ({ sub }) => ({ sub }) },
      { name: 'admins', options: { require: { role: 'admin' } }, handle: () => ({}) },
      {
        name: 'failing',
        options: {},
        handle: () => {
          throw new Error('the text of a defect');
        },
      },
    ],
  });
  const url = `http://127.0.0.1:${port}${PREFIX}`;
  await isGuarded(`${url}/users`, tokens);
  equal((await ask(`${url}/admins`, tokens.good)).status, 403);
  const failed = await ask(`${url}/failing`, tokens.good);
  equal(failed.status, 500);
  deepEqual(Object(failed.body).code, 'internal');
  await close();
}

const issuer = await createTestIssuer({ audience: 'urn:acme:orders' });
const verifier = await createVerifier({
  issuer: issuer.issuer,
  audience: issuer.audience,
  service: 'orders',
  feed: issuer.revocations.feed(),
});
await verifier.ready();
const tokens = { good: await issuer.mint(), revoked: await issuer.mint() };
const claims = await verifier.verify(tokens.revoked);
ok(isUserClaims(claims));
issuer.revocations.revoke({ kind: 'session', key: claims.sid });

// What handlers throw on purpose is written to the console by these frameworks.
console.error = () => {};
const names: readonly (keyof typeof FRAMEWORKS)[] = [
  ...(['node', 'web', 'express', 'express 4', 'fastify'] as const),
  ...(['hono', 'koa', 'koa 2', 'nestjs', 'nestjs on fastify'] as const),
];
deepEqual([...names].toSorted(), Object.keys(FRAMEWORKS).toSorted());
for (const name of names) await tryFramework(name, verifier, tokens);

const port = await freePort();
const closeTrpc = await startTrpc(verifier, port);
await isGuarded(`http://127.0.0.1:${port}/me.get`, tokens);
await closeTrpc();
await trySocketIo(verifier, issuer);

await verifier[Symbol.asyncDispose]();
await issuer[Symbol.asyncDispose]();
console.log(`${names.length} frameworks, tRPC and Socket.IO`);
// Servers of some versions keep idle connections open.
process.exit(0);
