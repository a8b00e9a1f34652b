/** A fault of the documents: how a NATS that runs is to read the account of another service. */
import { freePort, TestProcess, testProgram } from '@portcullis/testbed';
import { inboxPrefix, subjectsOf } from '@portcullis/bus';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LAUNCHER, natsConfiguration, passwordVariable } from '../../nats/configuration.ts';

const checkout = new URL('../../../', import.meta.url);
const PREFIX = 'portcullis';
const BEFORE = [LAUNCHER, 'auth', 'user'];
const AFTER = [...BEFORE, 'orders'];
const passwordOf = (user: string): string => `password of ${user}`;

let folder: string;
let host: string;
let nats: TestProcess;
let auth: NatsConnection;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portcullis-new-account-'));
  host = `127.0.0.1:${await freePort()}`;
  await writeFile(join(folder, 'nats.conf'), natsConfiguration(PREFIX, BEFORE));
  const passwords = AFTER.map((user) => [passwordVariable(user), JSON.stringify(passwordOf(user))]);
  nats = new TestProcess({
    name: 'nats-server',
    command: testProgram('nats-server'),
    args: ['--config', join(folder, 'nats.conf')],
    env: {
      NATS_LISTEN: JSON.stringify(host),
      NATS_STORE_DIR: JSON.stringify(join(folder, 'store')),
      ...Object.fromEntries(passwords),
    },
  });
  while (nats.running && !nats.log.includes('Server is ready')) await sleep(20);
  auth = await connectAs('auth');
});

afterAll(async () => {
  await auth.close();
  await nats.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Has the server read the configuration with the new account. */
async function reload(): Promise<void> {
  const reloads = (): number => nats.log.split('Reloaded server configuration').length;
  const before = reloads();
  await writeFile(join(folder, 'nats.conf'), natsConfiguration(PREFIX, AFTER));
  nats.kill('SIGHUP');
  await expect.poll(reloads, { timeout: 10_000 }).toBeGreaterThan(before);
}

async function connectAs(user: string): Promise<NatsConnection> {
  return await connect({
    servers: host,
    user,
    pass: passwordOf(user),
    inboxPrefix: inboxPrefix(PREFIX, user),
    maxReconnectAttempts: -1,
    reconnectTimeWait: 50,
  });
}

it('D7: a new account is answered once NATS has read it as docs/operations.md says', async () => {
  const { grant, grants } = subjectsOf(PREFIX);
  auth.subscribe(grants, { callback: (_error, message) => void message.respond('answered') });
  await auth.flush();
  const page = await readFile(new URL('docs/operations.md', checkout), 'utf8');
  const twice = /reload it \*\*twice\*\*/.test(page);
  await reload();
  if (twice) await reload();
  const orders = await connectAs('orders');
  const ask = async (): Promise<string> =>
    await orders.request(grant('orders'), '{}', { timeout: 1_000 }).then(
      (message) => message.string(),
      (error: unknown) => String(error),
    );
  await expect.poll(ask, { timeout: 8_000, interval: 200 }).toBe('answered');
  await orders.close();
}, 30_000);
