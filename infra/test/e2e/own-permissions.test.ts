/**
 * A permission of a service of one's own, from `npm run service -- add` to a call that it lets in: on a system that runs as
 * `npm start` runs it, of which no process is restarted.
 */
import { SOURCE_RUNNER, TestProcess } from '@portcullis/testbed';
import { connectVerifier } from '@portcullis/verify/connect';
import { protect } from '@portcullis/verify/node';
import type { Verifier } from '@portcullis/verify';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { OwnSystem } from '../own-system.ts';
import { get, logIn, register, statusOf, type Account } from './calls.ts';

const ADD = ['add', 'orders', '--audience', 'urn:acme:orders'];
const PERMISSIONS = ['--permissions', 'orders:read,orders:refund'];
const ADMIN = { email: 'admin@example.test', password: 'a lantern above the western gate' };
const NOTHING = { number: 0, permissions: [], roles: {}, scopes: [] };
type Permission = 'orders:read' | 'orders:refund';

let folder: string;
let file: string;
let system: OwnSystem;
let orders: Orders | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portcullis-own-permissions-'));
  file = join(folder, 'portcullis.config.json');
  await writeFile(file, JSON.stringify(NOTHING));
  system = await OwnSystem.start({ PORTCULLIS_CONFIG_FILE: file });
}, 400_000);

afterAll(async () => {
  await orders?.[Symbol.asyncDispose]();
  await system?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

/** `npm run config` with this in portcullis.config.ts. */
async function configure(config: object): Promise<{ status: number | string; output: string }> {
  const source = join(folder, `source-${JSON.stringify(config).length}.mts`);
  await writeFile(source, `export default ${JSON.stringify(config)};\n`);
  const command = new TestProcess({
    name: 'config',
    command: process.execPath,
    args: [...SOURCE_RUNNER, 'infra/test/stand-in/own-config.ts', system.folder, source, file],
  });
  return { status: await command.exited, output: command.log };
}

/** Every process that `npm start` has started, by name. */
async function processes(): Promise<Record<string, number>> {
  const { owned } = JSON.parse(await readFile(join(system.folder, 'processes.json'), 'utf8'));
  const named = owned.map(({ name, pid }: { name: string; pid: number }) => [name, pid]);
  return Object.fromEntries(named);
}

interface Orders extends AsyncDisposable {
  url: string;
}

/** With a route for each permission, at `/orders:read` and so on. */
async function startOrders(): Promise<Orders> {
  const settings = parseEnv((await system.files())['services/orders.env'] ?? '');
  const verifier: Verifier<Permission> = await connectVerifier<Permission>({
    issuer: settings['PORTCULLIS_ISSUER'] ?? '',
    audience: settings['PORTCULLIS_AUDIENCE'] ?? '',
    service: 'orders',
    nats: settings['NATS_URL'],
    client: {
      id: settings['PORTCULLIS_CLIENT_ID'],
      secret: settings['PORTCULLIS_CLIENT_SECRET'],
    },
  });
  await verifier.ready();
  const guarded = (permission: Permission) =>
    protect(verifier, { require: { permission } })((_, response) => void response.end('{}'));
  const routes = {
    '/orders:read': guarded('orders:read'),
    '/orders:refund': guarded('orders:refund'),
  };
  const server = createServer((request, response) => {
    const route = Object.entries(routes).find(([path]) => path === request.url)?.[1];
    if (route === undefined) response.writeHead(404).end();
    else route(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await verifier[Symbol.asyncDispose]();
    },
  };
}

const called = async (permission: Permission, token: string): Promise<number> =>
  await statusOf(get(`${orders?.url}/${permission}`, token));

async function tokenOf(account: Account): Promise<string> {
  return (await logIn(system.authUrl, account)).access_token;
}

/** @returns the status of the answer */
async function give(account: Account, roles: readonly string[]): Promise<number> {
  const administrator = await tokenOf(ADMIN);
  const found = await get(`${system.adminUrl}/v1/users?query=${account.email}`, administrator);
  const { users } = await found.json();
  const answer = await fetch(`${system.adminUrl}/v1/users/${users[0].id}/roles`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${administrator}` },
    body: JSON.stringify({ roles }),
  });
  return await statusOf(answer);
}

it('a role gives it after npm run config, and no process of the system is another one', async () => {
  const before = await processes();
  expect(Object.keys(before)).toEqual(expect.arrayContaining(['auth', 'user', 'admin', 'nats']));
  const added = await system.service(...ADD, ...PERMISSIONS);
  expect(added, added.output).toMatchObject({ status: 0 });
  expect(added.output).toContain('no role can carry orders:read, orders:refund yet');
  expect(added.output).toContain("permissions: ['orders:read', 'orders:refund'],");
  orders = await startOrders();
  const [clerk, other] = [await register(system.authUrl), await register(system.authUrl)];
  // Its name in a file of services alone gives it to no user, nor to an administrator, who has all that is declared.
  for (const account of [clerk, other, ADMIN]) {
    expect(await called('orders:read', await tokenOf(account)), account.email).not.toBe(200);
  }
  expect(await give(clerk, ['clerk'])).toBe(400);

  const declared = { number: 1, permissions: ['orders:read', 'orders:refund'], scopes: [] };
  const configured = await configure({ ...declared, roles: { clerk: ['orders:read'] } });
  expect(configured, configured.output).toMatchObject({ status: 0 });
  // Those of user, admin and orders.
  expect(configured.output).toContain('number 1 is in force: confirmed 3 of 3 verifiers');
  expect((await system.service('list')).output).not.toContain('not declared');
  expect(await give(clerk, ['clerk'])).toBe(200);
  const token = await tokenOf(clerk);
  expect(await called('orders:read', token)).toBe(200);
  expect(await called('orders:refund', token)).toBe(403);
  expect(await called('orders:read', await tokenOf(other))).toBe(403);
  expect(await called('orders:refund', await tokenOf(ADMIN))).toBe(200);

  // The role carries it no more: the same token is refused once the command has said so.
  const roles = { clerk: ['orders:refund'] };
  expect((await configure({ ...declared, number: 2, roles })).output).toContain(
    'number 2 is in force: confirmed 3 of 3 verifiers',
  );
  expect(await called('orders:read', token)).toBe(403);
  expect(await called('orders:refund', token)).toBe(200);
  expect(await statusOf(fetch(`${system.authUrl}/readyz`))).toBe(200);
  expect(await processes()).toEqual(before);
}, 180_000);

it('what a former number or a wrong name would change is refused before auth reads it', async () => {
  const before = await readFile(file, 'utf8');
  const roles = { clerk: ['orders:read'] };
  const former = { number: 1, permissions: ['orders:read'], roles, scopes: [] };
  const wrong = { ...former, number: 3, roles: { admin: ['orders:read'], clerk: ['orders:reed'] } };
  expect(await configure(former)).toMatchObject({
    status: 1,
    output: expect.stringContaining('its number is 1: the last one was 2'),
  });
  const { status, output } = await configure(wrong);
  expect({ status, output }).toMatchObject({ status: 1 });
  expect(output).toContain('roles.admin: is a role of Portcullis, which is not redefined');
  expect(output).toContain('roles.clerk[0]: is no permission that there is');
  expect(await readFile(file, 'utf8')).toBe(before);
}, 60_000);

it('says the number to raise it to where the file of the last one is gone, and auth goes on', async () => {
  const before = await readFile(file, 'utf8');
  await rm(file);
  const roles = { clerk: ['orders:read'] };
  const { status, output } = await configure({ number: 1, permissions: [], roles: {}, scopes: [] });
  expect({ status, output }).toMatchObject({ status: 1 });
  expect(output).toContain('number: is 1, and 2 counts: raise it');
  expect(output).toContain('Fix: number: 3 in portcullis.config.ts, then: npm run config');
  const same = { number: 2, permissions: ['orders:read'], roles, scopes: [] };
  await rm(file);
  expect((await configure(same)).output).toContain('Fix: number: 3 in portcullis.config.ts');
  expect(await statusOf(fetch(`${system.authUrl}/readyz`))).toBe(200);
  await writeFile(file, before);
}, 60_000);
