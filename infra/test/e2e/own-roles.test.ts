/**
 * Roles of an adopter's own, over HTTP at services of one's own: three roles and six permissions, given by the
 * administrator, carried by tokens of users; and a role's permissions changed under load.
 */
import { connect, type NatsConnection } from '@nats-io/transport-node';
import {
  defineConfig,
  type AccessReceipt,
  type PermissionOf,
  type RoleOf,
} from '@portcullis/contracts';
import { accessReceipt } from '@portcullis/contracts/schemas';
import {
  repositoryRoot,
  run,
  nodeWords,
  startAuth,
  startSystem,
  type AuthProcess,
  type TestSystem,
} from '@portcullis/testbed';
import { createVerifier, type Verifier } from '@portcullis/verify';
import { natsFeed } from '@portcullis/verify/feeds/nats';
import { createGuard } from '@portcullis/verify/guard';
import { once } from 'node:events';
import { readFile, rm, mkdtemp, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { get, logIn, post, refresh, register, statusOf } from './calls.ts';

const ORDERS = ['orders:read', 'orders:write', 'orders:refund'] as const;
const STOCK = ['stock:read', 'stock:write', 'stock:count'] as const;
const CONFIG = defineConfig({
  number: 1,
  permissions: [...ORDERS, ...STOCK],
  roles: {
    clerk: ['orders:read', 'orders:write'],
    keeper: [...STOCK],
    manager: [...ORDERS, 'stock:read', 'users:read'],
  },
});
type Own = Verifier<PermissionOf<typeof CONFIG>, RoleOf<typeof CONFIG>>;
const SERVICES = ['orders', 'stock', 'till'];
const CALLERS = 4;

let system: TestSystem;
let connection: NatsConnection;
let services: Service[];
let administrator: string;

interface Service extends AsyncDisposable {
  verifier: Own;
  url: string;
}

/** One guard for each permission, at `/orders:read` and so on. */
async function startService(name: string): Promise<Service> {
  const verifier: Own = await createVerifier({
    issuer: system.auth.issuer,
    audience: 'urn:portcullis:user',
    service: name,
    feed: natsFeed({ connection, prefix: system.bed.prefix }),
  });
  await verifier.ready();
  const guards = new Map(
    [...ORDERS, ...STOCK].map((permission) => [
      `/${permission}`,
      createGuard(verifier, { require: { permission } }),
    ]),
  );
  const server = createServer((request, response) => {
    const guard = guards.get(request.url ?? '');
    if (guard === undefined) return void response.writeHead(404).end();
    void guard.check(request).then(({ answer }) => {
      if (answer === undefined) response.writeHead(200).end('{}');
      else response.writeHead(answer.status, answer.headers).end(JSON.stringify(answer.body));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening');
  return {
    verifier,
    url: `http://127.0.0.1:${address.port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await verifier[Symbol.asyncDispose]();
    },
  };
}

beforeAll(async () => {
  system = await startSystem({ auth: { PORTCULLIS_CONFIG: JSON.stringify(CONFIG) } });
  const url = new URL(system.bed.natsUrl);
  connection = await connect({
    servers: url.host,
    ...(url.username !== '' && {
      user: decodeURIComponent(url.username),
      pass: decodeURIComponent(url.password),
    }),
  });
  services = await Promise.all(SERVICES.map(startService));
  administrator = (await logIn(system.auth.url, system.administrator)).access_token;
}, 120_000);
afterAll(async () => {
  for (const service of services ?? []) await service[Symbol.asyncDispose]();
  await connection?.close();
  await system?.[Symbol.asyncDispose]();
});

/** A new user with these roles, given over HTTP, and a token of theirs. */
async function userWith(...roles: string[]): Promise<string> {
  const account = await register(system.auth.url);
  const { users } = await json(`/v1/users?query=${encodeURIComponent(account.email)}`);
  const answer = await fetch(`${system.admin.url}/v1/users/${users[0].id}/roles?wait=10000`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${administrator}` },
    body: JSON.stringify({ roles }),
  });
  expect([answer.status, (await body(answer)).user.roles]).toEqual([200, roles.toSorted()]);
  return (await logIn(system.auth.url, account)).access_token;
}

const json = async (path: string) => body(await get(`${system.admin.url}${path}`, administrator));
const body = async (answer: Response): Promise<any> => await answer.json();

async function reached(token: string, service = services[0]): Promise<string[]> {
  const names = [...ORDERS, ...STOCK];
  const statuses = await Promise.all(
    names.map((name) => statusOf(get(`${service?.url}/${name}`, token))),
  );
  expect(statuses.every((status) => status === 200 || status === 403)).toBe(true);
  return names.filter((_, place) => statuses[place] === 200);
}

/** Makes this mapping count, by the command, and waits for its receipt. */
async function apply(auth: AuthProcess, config: object): Promise<AccessReceipt> {
  const log = await run({
    name: 'apply-config',
    command: process.execPath,
    args: nodeWords('apps/auth/src/commands/apply-config.ts'),
    env: { NODE_ENV: 'test', ...auth.env, PORTCULLIS_CONFIG: JSON.stringify(config) },
  });
  return accessReceipt.parse(JSON.parse(/^apply-config: (\{.*\})$/m.exec(log)?.[1] ?? ''));
}

it('three roles reach what they carry, at every service, and nothing else', async () => {
  const expected = { ...CONFIG.roles, admin: [...ORDERS, ...STOCK], support: [] };
  for (const [role, permissions] of Object.entries(expected)) {
    const token = await userWith(role);
    for (const service of services) {
      const own = permissions.filter((name) => CONFIG.permissions.some((one) => one === name));
      expect((await reached(token, service)).toSorted(), role).toEqual(own.toSorted());
    }
  }
  expect(await reached(await userWith('clerk', 'keeper'))).toEqual([
    'orders:read',
    'orders:write',
    ...STOCK,
  ]);
  // A permission of ours in a role of their own, at a service of ours.
  const list = (token: string) => statusOf(get(`${system.admin.url}/v1/users`, token));
  expect(await list(await userWith('manager'))).toBe(200);
  expect(await list(await userWith('clerk'))).toBe(403);
}, 60_000);

it('docs/adopt.md gives a role by the lines that it shows', async () => {
  const page = await readFile(join(repositoryRoot, 'docs/adopt.md'), 'utf8');
  const [, lines = ''] = /<!-- try: roles -->\n\n```sh\n([\s\S]*?)```/.exec(page) ?? [];
  const grace = { email: 'grace@example.com', password: 'a lantern above the western gate' };
  expect((await post(`${system.auth.url}/v1/register`, { ...grace, name: 'Grace' })).ok).toBe(true);
  const before = await logIn(system.auth.url, grace);
  const folder = await mkdtemp(join(tmpdir(), 'portcullis-adopt-'));
  try {
    const file = join(folder, 'dev-admin.json');
    await writeFile(file, JSON.stringify(system.administrator));
    // Only the addresses are this test's own.
    const script = lines
      .replaceAll('http://localhost:4000', system.auth.url)
      .replaceAll('http://localhost:4002', system.admin.url)
      .replaceAll('.portcullis/dev-admin.json', file);
    const said = await run({ name: 'roles', command: 'bash', args: ['-ec', script], env: {} });
    expect(said).toMatch(/"roles":\["manager"\]/);
  } finally {
    await rm(folder, { recursive: true });
  }
  expect(await statusOf(get(`${services[0]?.url}/orders:read`, before.access_token))).toBe(401);
  const after = await refresh(system.auth.url, before);
  expect(await reached(after.access_token)).toEqual([...ORDERS, 'stock:read']);
}, 60_000);

it('what a role carries is changed under load: enforced everywhere before the receipt is full', async () => {
  const token = await userWith('clerk');
  const calls: { service: number; begunAt: number; status: number }[] = [];
  let stopped = false;
  const callers = services.flatMap(({ url }, service) =>
    Array.from({ length: CALLERS }, async () => {
      while (!stopped) {
        const begunAt = performance.now();
        const status = await statusOf(get(`${url}/orders:write`, token));
        calls.push({ service, begunAt, status });
      }
    }),
  );
  await sleep(500);
  const next = { ...CONFIG, number: 2, roles: { ...CONFIG.roles, clerk: ['orders:read'] } };
  const receipt = await apply(system.auth, next);
  const answeredAt = performance.now();
  await sleep(500);
  stopped = true;
  await Promise.all(callers);

  expect(receipt).toMatchObject({ number: 2, pending: [], best_effort: [] });
  // Those of user and admin, and the three here.
  expect([receipt.confirmed, receipt.expected]).toEqual([5, 5]);
  const again = accessReceipt.parse(await json('/v1/access?wait=1000'));
  expect(again).toMatchObject({ number: 2, confirmed: 5, expected: 5, pending: [] });
  expect(again.committed_at).toBe(receipt.committed_at);
  expect(Date.parse(receipt.enforced_by)).toBeGreaterThan(Date.parse(receipt.committed_at));
  const late = calls.filter(({ begunAt }) => begunAt >= answeredAt);
  expect(calls.slice(0, 20).map(({ status }) => status)).toEqual(Array(20).fill(200));
  for (const service of services.keys()) {
    const statuses = late.filter((call) => call.service === service).map(({ status }) => status);
    expect(statuses.length).toBeGreaterThan(5);
    expect(new Set(statuses)).toEqual(new Set([403]));
  }
  // Neither taken for success nor for an end of the session at any moment.
  expect(new Set(calls.map(({ status }) => status))).toEqual(new Set([200, 403]));
  expect(await reached(token)).toEqual(['orders:read']);
}, 120_000);

it('an instance of before is not ready, and one with the present mapping is', async () => {
  const next = { ...CONFIG, number: 3 };
  const { env } = system.auth;
  const second = await startAuth(system.bed, { ...env, PORTCULLIS_CONFIG: JSON.stringify(next) });
  const readiness = async ({ url }: AuthProcess) => statusOf(fetch(`${url}/readyz`));
  expect(await readiness(second)).toBe(200);
  expect(await readiness(system.auth)).toBe(503);
  // Verifiers that are still answered by it learn the later mapping all the same.
  expect(await apply(system.auth, next)).toMatchObject({ number: 3, confirmed: 5, pending: [] });
  expect(await reached(await userWith('clerk'))).toEqual(['orders:read', 'orders:write']);
}, 60_000);
