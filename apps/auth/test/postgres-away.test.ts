/** A fault of the infrastructure is 503: never 401, never a success, and it passes. */
import { startTcpProxy, type TcpProxy } from '@portcullis/testbed';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  basic,
  MACHINE,
  PASSWORD,
  startAuthSystem,
  type AuthInstance,
  type AuthSystem,
} from './auth-system.ts';

let system: AuthSystem;
let proxy: TcpProxy;
let auth: AuthInstance;

beforeAll(async () => {
  system = await startAuthSystem({ instances: 0 });
  const url = system.bed.databaseUrls.auth;
  proxy = system.bed.use(await startTcpProxy(url));
  auth = await system.start({ DATABASE_URL: proxy.through(url) });
}, 120_000);

afterAll(async () => {
  await system.bed.dispose();
});

it('reports that Postgres is unavailable, and goes on when it is back', async () => {
  const user = await auth.newcomer();
  const token = user.access_token;
  proxy.cut();
  const answers = await Promise.all([
    auth.call('POST', '/v1/logout', { token }),
    auth.call('GET', '/v1/sessions', { token }),
    auth.refresh(user.refresh_token),
    auth.call('POST', '/v1/login', { body: { email: user.email, password: PASSWORD } }),
    auth.register('somebody@example.test'),
  ]);
  for (const { status, body, headers } of answers) {
    expect([status, body.code]).toEqual([503, 'unavailable']);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  }
  const grant = await auth.call('POST', '/oauth2/token', {
    form: { grant_type: 'client_credentials' },
    headers: basic(MACHINE.id, MACHINE.secret),
  });
  expect(grant.status).toBe(503);
  const revocation = await auth.call('POST', '/oauth2/revoke', {
    form: { token, client_id: 'cli_first-party' },
  });
  expect([revocation.status, revocation.body.error]).toEqual([503, 'temporarily_unavailable']);
  expect(Number(revocation.headers.get('retry-after'))).toBeGreaterThan(0);
  // The keys are those that were read last; a token that was refused stays refused elsewhere.
  expect((await auth.call('GET', '/.well-known/jwks.json')).body.keys).toHaveLength(1);
  expect((await auth.call('GET', '/readyz')).status).toBe(503);
  expect((await auth.call('GET', '/healthz')).status).toBe(200);

  proxy.mend();
  const deadline = performance.now() + 10_000;
  while ((await auth.call('GET', '/readyz')).status !== 200 && performance.now() < deadline) {
    await sleep(50);
  }
  expect(await auth.accepts(token)).toBe(true);
  expect((await auth.refresh(user.refresh_token)).status).toBe(200);
  expect((await auth.call('POST', '/v1/logout', { token })).status).toBe(200);
}, 60_000);

it('publishes the keys that it has while Postgres stands still', async () => {
  const keys = async () => (await auth.call('GET', '/.well-known/jwks.json')).body.keys;
  const before = await keys();
  proxy.pause();
  try {
    const asked = performance.now();
    expect(await keys()).toEqual(before);
    expect(performance.now() - asked).toBeLessThan(2_500);
  } finally {
    proxy.resume();
  }
  expect(await keys()).toEqual(before);
  // What was begun meanwhile ends before its connections are taken away.
  await sleep(1_000);
});
