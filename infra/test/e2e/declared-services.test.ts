/** Services of one's own that auth takes up while it runs, and a machine client that an operator disables. */
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { streamName, subjectsOf } from '@portcullis/bus';
import { receipt } from '@portcullis/contracts/schemas';
import {
  appDatabase,
  createTestBed,
  ensureMachineClient,
  natsOptions,
  run,
  nodeWords,
  startAuth,
  type AuthProcess,
  type TestBed,
} from '@portcullis/testbed';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { logIn, refresh, register } from './calls.ts';

const OURS = ['urn:portcullis:auth', 'urn:portcullis:user', 'urn:portcullis:admin'];
/** More than the half second between two readings. */
const READ_MS = 1_500;

let bed: TestBed<'auth'>;
let folder: string;
let file: string;
let auth: AuthProcess;

beforeAll(async () => {
  bed = await createTestBed({ databases: { auth: appDatabase('auth') } });
  folder = await mkdtemp(join(tmpdir(), 'portcullis-declared-'));
  file = join(folder, 'services.json');
  await writeFile(file, '{}');
  auth = await startAuth(bed, { PORTCULLIS_SERVICES_FILE: file });
}, 60_000);

afterAll(async () => {
  await bed.dispose();
  await rm(folder, { recursive: true, force: true });
});

async function declare(services: object): Promise<void> {
  await writeFile(`${file}.draft`, JSON.stringify(services));
  await rename(`${file}.draft`, file);
}

async function audiences(): Promise<unknown> {
  return decodeJwt((await logIn(auth.url, auth.administrator)).access_token).aud;
}

async function digestShown(): Promise<string | undefined> {
  const text = await (await fetch(`${auth.url}/metrics`)).text();
  return /^portcullis_auth_services_info\{[^}]*sha256="(\w+)"[^}]*\} 1$/m.exec(text)?.[1];
}

const digestOfFile = async (): Promise<string> =>
  createHash('sha256')
    .update(await readFile(file))
    .digest('hex');

it('an audience is in tokens without a restart, of sessions that were there too, and goes again', async () => {
  const session = await logIn(auth.url, await register(auth.url));
  expect(decodeJwt(session.access_token).aud).toEqual(OURS);
  await declare({ orders: { audience: 'urn:acme:orders', permissions: ['orders:read'] } });
  await expect.poll(audiences, { timeout: 10_000 }).toEqual([...OURS, 'urn:acme:orders']);
  expect(decodeJwt((await refresh(auth.url, session)).access_token).aud).toContain(
    'urn:acme:orders',
  );
  expect(await digestShown()).toBe(await digestOfFile());
  await declare({ orders: { audience: 'urn:acme:orders', removed: true } });
  await expect.poll(audiences, { timeout: 10_000 }).toEqual(OURS);
});

it('a durable consumer is made at once, not at the next look after ten seconds', async () => {
  const connection = await connect(natsOptions(bed.natsUrl));
  try {
    const manager = await jetstreamManager(connection);
    const stream = streamName(subjectsOf(bed.prefix), 'accounts');
    const isThere = async (name: string): Promise<boolean> =>
      await manager.consumers.info(stream, name).then(
        () => true,
        () => false,
      );
    for (const name of ['billing', 'shop', 'stock']) {
      expect(await isThere(name)).toBe(false);
      await declare({ [name]: { events: ['accounts'] } });
      await expect.poll(() => isThere(name), { timeout: 4_000 }).toBe(true);
    }
  } finally {
    await connection.close();
  }
}, 30_000);

it('a file that cannot be used changes nothing, and one line says so; mended, it is in force', async () => {
  await declare({ orders: { audience: 'urn:acme:orders' } });
  await expect.poll(audiences, { timeout: 10_000 }).toContain('urn:acme:orders');
  const before = await digestShown();
  const many = Array.from({ length: 14 }, (_, at) => [`s${at}`, { audience: `urn:acme:${at}` }]);
  for (const [text, problem] of [
    ['{"orders":{"audience":"urn:acme:oth', 'is not JSON'],
    ['{"Orders":{}}', 'Invalid'],
    ['{"orders":{"events":["money"]}}', 'Invalid'],
    [JSON.stringify(Object.fromEntries(many)), 'more than 16 audiences'],
    [undefined, 'ENOENT'],
  ] as const) {
    const from = auth.log.length;
    if (text === undefined) await rm(file);
    else await writeFile(file, text);
    await sleep(READ_MS);
    expect(await audiences()).toEqual([...OURS, 'urn:acme:orders']);
    expect(await digestShown()).toBe(before);
    const lines = auth.log.slice(from).split('\n');
    const said = lines.filter((line) => line.includes('PORTCULLIS_SERVICES_FILE cannot be used'));
    expect(said, text).toHaveLength(1);
    expect(said[0]).toContain(problem);
  }
  await declare({ orders: { audience: 'urn:acme:mended' } });
  await expect.poll(audiences, { timeout: 10_000 }).toEqual([...OURS, 'urn:acme:mended']);
}, 60_000);

it('one that is wrong at the start ends it, and names the setting', async () => {
  const wrong = join(folder, 'wrong.json');
  await writeFile(wrong, '{"orders":');
  const overrides = { PORTCULLIS_SERVICES_FILE: wrong, PORTCULLIS_ISSUER: auth.issuer };
  await expect(startAuth(bed, overrides)).rejects.toThrow('PORTCULLIS_SERVICES: is not JSON');
}, 60_000);

it('a client that an operator disables is refused at once; twice changes nothing', async () => {
  const secret = 'secret of reports, 32 characters';
  const client = { id: 'cli_reports', name: 'reports', scope: 'revocations:read', secret } as const;
  await ensureMachineClient(auth, client);
  const snapshot = async (): Promise<number> => {
    const pair = Buffer.from(`cli_reports:${encodeURIComponent(secret)}`).toString('base64');
    const headers = { authorization: `Basic ${pair}` };
    return (await fetch(`${auth.url}/v1/revocations/snapshot`, { headers })).status;
  };
  expect(await snapshot()).toBe(200);
  const said = await command('--id', 'cli_reports');
  const [, json = 'null'] = /cli_reports is disabled: (\{.*\})$/m.exec(said) ?? [];
  expect(receipt.parse(JSON.parse(json))).toMatchObject({
    revoked: { kind: 'client', id: 'cli_reports' },
    published: true,
    pending: [],
  });
  expect(await snapshot()).toBe(401);
  expect(await command('--id', 'cli_reports')).toContain('was disabled already, or there is none');
  await expect(command('--id', 'cli_first-party')).rejects.toThrow('is what users log in by');
  await expect(command('--id', 'reports')).rejects.toThrow('--id: ');
  expect(await audiences()).toContain('urn:portcullis:auth');
}, 60_000);

async function command(...words: string[]): Promise<string> {
  return await run({
    name: 'disable-client',
    command: process.execPath,
    args: [...nodeWords('apps/auth/src/commands/disable-client.ts'), ...words],
    env: { NODE_ENV: 'test', ...auth.env },
  });
}
