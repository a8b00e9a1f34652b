/**
 * `npm run service` on a system that runs as `npm start` runs it: PostgreSQL, NATS, Redis and the three services, and a
 * service of one's own outside of the repository, from packed packages.
 */
import { receipt } from '@portcullis/contracts/schemas';
import { freePort, testSeed, TestProcess } from '@portcullis/testbed';
import { execFileSync } from 'node:child_process';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ROOT } from '../../paths.ts';
import { ownedProcess } from '../../lifetime/register.ts';
import { isRefused } from '../../own-services/nats-users.ts';
import { manageServices } from '../../service.ts';
import { readWords, WrongUsage, type Words } from '../../usage/read-words.mjs';
import { OwnSystem } from '../own-system.ts';
import { packedProject, type PackedProject } from '../packed-project.ts';
import { get, logIn, logOut, register, statusOf } from './calls.ts';

const ADD = [
  ...['add', 'orders', '--audience', 'urn:acme:orders'],
  ...['--permissions', 'orders:read,orders:refund', '--events', 'accounts'],
];
const STEPS = ['auth', 'client', 'settings', 'nats', 'grant'];
const seed = testSeed();

let system: OwnSystem;
let project: PackedProject;
let service: TestProcess | undefined;
let port: number;

beforeAll(async () => {
  system = await OwnSystem.start();
  project = await packedProject(
    ['verify', 'bus', 'contracts', 'snapshot'],
    ['@nats-io/transport-node'],
  );
}, 400_000);

afterAll(async () => {
  await service?.stop();
  await project?.[Symbol.asyncDispose]();
  await system?.[Symbol.asyncDispose]();
}, 60_000);

/** The ten lines, as they were printed. */
function pasted(output: string): string {
  return (
    /^(import \{ createServer[\s\S]*listen\(4010, '127\.0\.0\.1'\);)$/m.exec(output)?.[1] ?? ''
  );
}

async function runOutside(lines: string): Promise<void> {
  port = await freePort();
  await writeFile(join(project.folder, 'service.mjs'), lines.replace('4010', String(port)));
  service = new TestProcess({
    name: 'orders',
    command: process.execPath,
    args: ['service.mjs'],
    cwd: project.folder,
  });
}

/** The status of a call, and 0 while nothing listens. */
async function called(token: string): Promise<number> {
  return await statusOf(get(`http://127.0.0.1:${port}/`, token)).catch(() => 0);
}

async function tokenOfNewUser(): Promise<string> {
  return (await logIn(system.authUrl, await register(system.authUrl))).access_token;
}

function wordsOf(given: readonly string[]): Words {
  const words = readWords('service', given);
  if (typeof words === 'string') throw new Error(words);
  return words;
}

const secretsIn = (files: Record<string, string>): string[] =>
  Object.entries(files)
    .filter(([path]) => path.startsWith('secrets/'))
    .map(([, text]) => text)
    .filter((text) => /^[\w-]{43}$/.test(text));

async function settingsOf(name: string): Promise<Record<string, string>> {
  const text = (await system.files())[`services/${name}.env`] ?? '';
  return Object.fromEntries(
    text.split('\n').map((row) => [row.split('=')[0], row.replace(/^[^=]*=/, '')]),
  );
}

it('a service is added while the system runs: its tokens are verified outside, and refused after logout', async () => {
  const { status, output } = await system.service(...ADD);
  expect({ status, output }).toMatchObject({ status: 0 });
  expect(output).toContain('orders is ready');
  expect(output).toContain('no role can carry orders:read, orders:refund yet');
  const secrets = secretsIn(await system.files());
  expect(secrets.length).toBeGreaterThan(5);
  expect(secrets.filter((secret) => output.includes(secret))).toEqual([]);
  const file = join(system.folder, 'services', 'orders.env');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect((await stat(join(system.folder, 'nats.conf'))).mode & 0o777).toBe(0o600);
  execFileSync('git', ['check-ignore', '-q', '.portcullis/dev/services/orders.env'], { cwd: ROOT });

  const lines = pasted(output);
  expect(lines.split('\n')).toHaveLength(10);
  await runOutside(lines);
  const token = await tokenOfNewUser();
  await expect.poll(() => called(token), { timeout: 20_000 }).toBe(200);
  expect(await logOut(system.authUrl, token)).toMatchObject({ confirmed: 3, expected: 3 });
  expect(await called(token)).toBe(401);
}, 120_000);

it('a second add changes nothing, byte for byte, and shows the settings only when it is asked to', async () => {
  // The first add was run as npm run service is; the dozens that follow are its bundle.
  await system.bundleService();
  const before = await system.files();
  const { status, output } = await system.service(...ADD);
  expect({ status, output }).toMatchObject({ status: 0 });
  expect(output).toContain('orders is there, and ready. Nothing was changed.');
  expect(await system.files()).toEqual(before);
  const { PORTCULLIS_CLIENT_SECRET: secret = 'none' } = await settingsOf('orders');
  expect(output).not.toContain(secret);
  expect((await system.service(...ADD, '--show')).output).toContain(secret);
  expect((await system.service('list')).output).toMatch(
    /^orders: audience urn:acme:orders; permissions orders:read, orders:refund; .*events accounts; /m,
  );
}, 60_000);

it('bad names are refused before anything is made', async () => {
  const before = await system.files();
  const long = 'o'.repeat(33);
  const names = ['', long, 'auth', 'launcher', 'first-party', '../x', 'Orders', 'a_b', '1a'];
  for (const name of names) {
    const words = ['add', name, '--audience', 'urn:acme:x'];
    const added = (async () => await manageServices(system.folder, wordsOf(words)))();
    await expect(added, name).rejects.toThrow(WrongUsage);
  }
  const { status, output } = await system.service('add', '../x', '--audience', 'urn:acme:x');
  expect({ status, lines: output.trimEnd().split('\n').length }).toEqual({ status: 2, lines: 1 });
  expect((await system.service('remove', 'missing')).output).toContain(
    'There is no service missing.',
  );
  expect(await system.files()).toEqual(before);
}, 120_000);

it('adds at once leave a whole system, of one name too', async () => {
  const names = ['billing', 'shop', 'shop', 'shop'];
  const ended = await Promise.all(
    names.map((name) => system.service('add', name, '--audience', `urn:acme:${name}`)),
  );
  expect(ended).toEqual(
    names.map(() => ({
      status: 0,
      output: expect.stringMatching(/is ready|is there, and ready/),
    })),
  );
  const listed = (await system.service('list')).output.match(/^[a-z0-9]+(?=:)/gm);
  expect(listed).toEqual(['billing', 'orders', 'shop']);
  for (const name of listed ?? []) {
    const again = name === 'orders' ? ADD : ['add', name, '--audience', `urn:acme:${name}`];
    expect((await system.service(...again)).output).toContain('Nothing was changed.');
  }
  expect(await called(await tokenOfNewUser())).toBe(200);
}, 300_000);

it(`a kill at each step leaves what the next add finishes (seed ${seed})`, async () => {
  for (const [at, after] of ['', ...STEPS].entries()) {
    const name = `killed${at}`;
    const words = ['add', name, '--audience', `urn:acme:${name}`, '--events', 'revocations'];
    const child = system.beginService(words);
    // Before the first step it says nothing: that takes about half a second, of which most is Node's.
    if (after === '') await sleep(200 + draw(at) * 400);
    const line = new RegExp(`^  ${after} +[0-9.]+ s`, 'm');
    while (after !== '' && child.running && !line.test(child.log)) await sleep(1);
    await sleep(draw(at + 100) * 400);
    child.kill('SIGKILL');
    await child.exited;

    const { status, output } = await system.service(...words);
    expect({ after, status, output }).toMatchObject({ status: 0 });
    if (at % 3 === seed % 3) {
      const before = await system.files();
      expect((await system.service(...words)).output).toContain('Nothing was changed.');
      expect(await system.files()).toEqual(before);
    }
    expect(await called(await tokenOfNewUser())).toBe(200);
  }
}, 400_000);

it('survives a restart of the whole system', async () => {
  const before = await settingsOf('orders');
  await system.stop();
  const away = await system.service(...ADD);
  expect(away).toEqual({ status: 1, output: expect.stringContaining('The system does not run') });
  expect(away.output).toContain('Fix: npm start, in another terminal');
  await system.start();
  expect(await settingsOf('orders')).toEqual(before);
  const token = await tokenOfNewUser();
  await expect.poll(() => called(token), { timeout: 20_000 }).toBe(200);
  expect((await system.service(...ADD)).output).toContain('Nothing was changed.');
  expect(await logOut(system.authUrl, token)).toMatchObject({ pending: [] });
  expect(await called(token)).toBe(401);
}, 300_000);

it('one that is removed is cut: refused by NATS and by auth, with a receipt; and comes back with other secrets', async () => {
  const token = await tokenOfNewUser();
  expect(await called(token)).toBe(200);
  const before = await settingsOf('orders');
  const { NATS_URL: nats = '' } = before;
  const { status, output } = await system.service('remove', 'orders');
  expect({ status, output }).toMatchObject({ status: 0 });
  const given = receipt.parse(JSON.parse(/^ {2}receipt {2}(.*)$/m.exec(output)?.[1] ?? 'null'));
  expect(given).toMatchObject({
    revoked: { kind: 'client', id: 'cli_orders' },
    published: true,
    pending: [],
  });
  expect(given.expected).toBeGreaterThanOrEqual(2);
  expect(await isRefused('orders', nats)).toBe(true);
  const grants = await fetch(`${system.authUrl}/v1/revocations/snapshot`, {
    headers: { authorization: basic(before) },
  });
  expect(grants.status).toBe(401);
  // It can be sure of nothing any more, and says so within S.
  await expect.poll(() => called(token), { timeout: 10_000 }).toBe(503);
  expect(Object.keys(await system.files()).filter((path) => path.includes('orders'))).toEqual([]);
  const { output: twice, status: again } = await system.service('remove', 'orders');
  expect({ again, twice }).toEqual({
    again: 1,
    twice: expect.stringContaining('There is no service'),
  });

  const added = await system.service(...ADD);
  expect(added).toMatchObject({ status: 0, output: expect.stringContaining('cli_orders-2') });
  const after = await settingsOf('orders');
  expect(after['PORTCULLIS_CLIENT_ID']).toBe('cli_orders-2');
  expect(after['PORTCULLIS_CLIENT_SECRET']).not.toBe(before['PORTCULLIS_CLIENT_SECRET']);
  expect(after['NATS_URL']).not.toBe(nats);
  await service?.stop();
  await runOutside(pasted(added.output));
  const later = await tokenOfNewUser();
  await expect.poll(() => called(later), { timeout: 20_000 }).toBe(200);
}, 180_000);

it('a NATS that npm start has run, and that has ended, is named, and what to do', async () => {
  const nats = ownedProcess(system.folder, 'nats');
  if (nats === undefined) throw new Error('NATS does not run on this machine');
  process.kill(nats.pid, 'SIGKILL');
  // The system goes on, and says so in its own terminal at once.
  await expect.poll(() => system.log).toContain('NATS has ended by itself, with exit status 137.');
  expect(system.log).toMatch(/^Until it runs again, .*a logout takes effect within S \(5 s\)/im);
  expect(system.log).toMatch(/^Fix: Ctrl-C here, then: npm start$/m);
  await expect.poll(() => ownedProcess(system.folder, 'nats')).toBeUndefined();
  const { status, output } = await system.service('add', 'late', '--audience', 'urn:acme:late');
  expect({ status, output }).toMatchObject({ status: 1 });
  expect(output).toMatch(/^ {2}nats .* has ended: not reloaded$/m);
  expect(output).toContain('start it again, since the NATS that it ran has ended');
  expect(output).not.toContain('docker compose');
}, 60_000);

it('npm run demo names what has ended, and what to do', async () => {
  const demo = await system.demo();
  expect(demo).toMatchObject({ status: 1 });
  expect(demo.output).toMatch(
    /^Not every step held\.\nNATS, which npm start has run, has ended\.$/m,
  );
  expect(demo.output).toMatch(
    /^Fix: stop npm start with Ctrl-C and start it again; then: npm run demo$/m,
  );
}, 60_000);

it('a service that ends by itself ends the rest, and npm start says which, and what to do', async () => {
  const user = ownedProcess(system.folder, 'user');
  if (user === undefined) throw new Error('the user service does not run');
  process.kill(user.pid, 'SIGKILL');
  await expect
    .poll(() => system.log)
    .toContain('user has ended by itself, with exit status 137; all the rest is stopped.');
  expect(system.log).toMatch(/^Fix: mend what .*logs\/user\.log says, .*; then: npm start$/m);
}, 60_000);

function basic(settings: Record<string, string>): string {
  const pair = `${settings['PORTCULLIS_CLIENT_ID']}:${settings['PORTCULLIS_CLIENT_SECRET']}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

/** From 0 to 1, by the seed. */
function draw(count: number): number {
  let state = (seed + count * 0x9e37_79b9) >>> 0;
  state = Math.imul(state ^ (state >>> 16), 0x45d9_f3b) >>> 0;
  state = Math.imul(state ^ (state >>> 16), 0x45d9_f3b) >>> 0;
  return ((state ^ (state >>> 16)) >>> 0) / 2 ** 32;
}
