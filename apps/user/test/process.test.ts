/** The process: it says what is wrong with its configuration, and loses nothing when it is stopped. */
import { newId } from '@portcullis/contracts';
import { freePort, nodeWords, startUser, TestProcess } from '@portcullis/testbed';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { createSurroundings, registered } from './user-service.ts';

let around: Awaited<ReturnType<typeof createSurroundings>>;
beforeAll(async () => {
  around = await createSurroundings();
  await around.makeStream();
});
afterAll(() => around.bed.dispose());

async function opened(url: string): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect').finally(() => socket.destroy());
}

it('finishes a request that is under way when SIGTERM comes, and exits with 0', async () => {
  const service = await startUser(around.bed, around.issuer.issuer);
  const id = newId('usr');
  const authorization = `Bearer ${await around.issuer.mint({ sub: id })}`;
  const underWay = fetch(`${service.url}/v1/me`, { headers: { authorization } });
  await new Promise((resolve) => setTimeout(resolve, 200));
  const stopped = service.stop();
  await new Promise((resolve) => setTimeout(resolve, 200));
  // A connection of its own: those that are open and idle are still served for a moment.
  await expect(opened(service.url)).rejects.toThrow(/ECONNREFUSED/);
  await around.publish(registered(id));
  expect((await underWay).status).toBe(200);
  expect(await stopped).toBe(0);
});

it('names what is missing, and exits with 1', async () => {
  const child = new TestProcess({
    name: 'user',
    command: process.execPath,
    args: nodeWords('apps/user/src/main.ts'),
    env: {
      NODE_ENV: 'production',
      NATS_URL: 'nats://127.0.0.1:1',
      DATABASE_URL: 'postgres://a:postgres@b/c',
    },
  });
  expect(await child.exited).toBe(1);
  expect(child.log).toContain('PORTCULLIS_ISSUER: is missing');
  expect(child.log).toContain('PORTCULLIS_CLIENT_SECRET: is missing');
  expect(child.log).toContain('DATABASE_URL: holds a well-known or guessable password');
  expect(child.log).not.toContain('postgres:postgres');
});

it('answers its probes, and stops on a signal, while neither NATS nor auth answers', async () => {
  const { databaseUrl, issuer } = around.config;
  const port = await freePort();
  await using child = new TestProcess({
    name: 'user',
    command: process.execPath,
    args: nodeWords('apps/user/src/main.ts'),
    env: {
      PORT: String(port),
      NATS_URL: 'nats://127.0.0.1:1',
      DATABASE_URL: databaseUrl,
      PORTCULLIS_ISSUER: issuer,
      PORTCULLIS_CLIENT_ID: 'cli_user',
      PORTCULLIS_CLIENT_SECRET: 'x'.repeat(32),
    },
  });
  const at = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${port}${path}`, init);
  await vi.waitUntil(
    () =>
      at('/healthz').then(
        ({ ok }) => ok,
        () => false,
      ),
    { timeout: 15_000 },
  );
  const readiness = await at('/readyz');
  expect(readiness.status).toBe(503);
  expect(await readiness.json()).toMatchObject({
    checks: {
      postgres: { ok: true },
      verifier: { ok: false, reason: 'the verifier is SYNCING' },
    },
  });
  // It cannot be sure of a token, and says so; that is neither 401 nor 200.
  const authorization = `Bearer ${await around.issuer.mint()}`;
  const me = await at('/v1/me', { headers: { authorization } });
  expect([me.status, await me.json()]).toMatchObject([503, { code: 'verifier_stale' }]);
  expect(await child.stop()).toBe(0);
}, 60_000);
