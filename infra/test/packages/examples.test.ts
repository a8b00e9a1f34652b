/**
 * The examples on the pages of the packages, as they stand there, and what docs/adopt.md shows: compiled, and run, by packages
 * that were packed as for a registry, on a running system. Only addresses, ports and the prefix of subjects are this test's own.
 */
import {
  freePort,
  startSystem,
  testServers,
  TestProcess,
  type TestSystem,
} from '@portcullis/testbed';
import { transform } from 'esbuild';
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packAll, type Tarball } from '../../packages/pack.ts';
import { examplesIn, Project } from '../../packages/project.ts';
import { ROOT, tool } from '../../paths.ts';
import { declaredAccess } from '../../services/declared-access.ts';
import { get, logIn, logOut, post, register, statusOf, type Tokens } from '../e2e/calls.ts';
import { CopiedProjects } from './copied-projects.ts';
import { linkFrom, unpack } from './unpacked.ts';

/** What users of the packages have beside them, and which member of the workspace has it here. */
const BESIDE = [
  ['packages/verify', '@nats-io/transport-node'],
  ['packages/events', '@nats-io/jetstream'],
  ['packages/verify', '@trpc/server'],
  ['packages/verify', 'express'],
  ['packages/verify', '@types/express'],
  ['packages/verify', 'zod'],
  ['packages/react', 'react'],
  ['packages/react', '@types/react'],
  ['packages/react', '@tanstack/react-query'],
  ['.', '@types/node'],
] as const;

const ADA = { email: 'ada@example.com', password: 'a lantern above the western gate' };
const PORT = '4010';

let system: TestSystem;
let project: string;
let tarballs: Tarball[];
let projects: CopiedProjects;
/** By package and place on its page, counted from 0. */
let examples: Map<string, string>;
const ran = new Set<string>();

beforeAll(async () => {
  const config = await declaredAccess(join(ROOT, 'examples/recipes/src/portcullis.config.ts'));
  system = await startSystem({
    auth: {
      PORTCULLIS_DURABLES:
        'billing:accounts billing:revocations orders:accounts orders:revocations',
      PORTCULLIS_CONFIG: JSON.stringify(config),
    },
  });
  project = await realpath(await mkdtemp(join(tmpdir(), 'portcullis-examples-')));
  await writeFile(join(project, 'package.json'), '{ "private": true, "type": "module" }\n');
  tarballs = await packAll(join(project, 'tarballs'));
  examples = new Map();
  for (const tarball of tarballs) {
    const page = await readFile(join(await unpack(tarball, project), 'README.md'), 'utf8');
    examplesIn(page).forEach((code, index) => examples.set(`${tarball.folder} ${index}`, code));
  }
  for (const [member, name] of BESIDE) await linkFrom(member, name, project);
  projects = await CopiedProjects.copy(project, {
    NATS_URL: system.bed.natsUrl,
    PORTCULLIS_PREFIX: system.bed.prefix,
    PORTCULLIS_ISSUER: system.auth.issuer,
    PORTCULLIS_AUDIENCE: 'urn:portcullis:user',
    PORTCULLIS_CLIENT_ID: 'cli_orders',
    PORTCULLIS_CLIENT_SECRET: 'psec_unused',
  });
  await post(`${system.auth.url}/v1/register`, { ...ADA, name: 'Ada' });
}, 180_000);
afterAll(async () => {
  await rm(project, { recursive: true, force: true });
  await system[Symbol.asyncDispose]();
});

/** Starts one, with what it declares to be there. */
async function start(name: string, port = '0', before = ''): Promise<TestProcess> {
  const example = examples.get(name);
  if (example === undefined) throw new Error(`there is no example ${name}`);
  ran.add(name);
  const { auth, user, admin, bed } = system;
  const here = example
    .replaceAll('http://localhost:4000', auth.url)
    .replaceAll('http://localhost:4001', user.url)
    .replaceAll('http://localhost:4002', admin.url)
    // Services of one's own, for which the user service stands.
    .replaceAll('http://localhost:4100', user.url)
    .replaceAll('http://localhost:4200', user.url)
    .replaceAll('/reports?limit=20', '/me')
    .replaceAll(PORT, port)
    .replaceAll('urn:acme:orders', 'urn:portcullis:user')
    .replaceAll(
      "nats: process.env['NATS_URL'],",
      `nats: process.env['NATS_URL'], prefix: '${bed.prefix}',`,
    )
    .replaceAll('natsFeed({ connection })', `natsFeed({ connection, prefix: '${bed.prefix}' })`)
    .replaceAll('  connection,\n  durable', `  connection, prefix: '${bed.prefix}',\n  durable`);
  const { code } = await transform(here, { loader: 'ts', format: 'esm', target: 'node20' });
  const file = `${name.replace(' ', '-')}.mjs`;
  // What is imported is run before: `before` is a module of its own.
  await writeFile(join(project, `before-${file}`), before);
  await writeFile(join(project, file), `import './before-${file}';\n${code}`);
  return system.bed.use(
    new TestProcess({
      name,
      command: process.execPath,
      args: [file],
      cwd: project,
      // The secret is for grants by HTTP, which are not asked for while NATS answers.
      env: {
        NATS_URL: bed.natsUrl,
        PORTCULLIS_CLIENT_ID: 'cli_orders',
        PORTCULLIS_CLIENT_SECRET: 'psec_unused',
      },
    }),
  );
}

/** Runs one to its end. @returns what it has written */
async function outputOf(name: string): Promise<string> {
  const started = await start(name);
  expect(await started.exited, started.log).toBe(0);
  return started.log;
}

/** What the comments of an example say that it prints. */
const saidBy = (name: string): string[] =>
  [...(examples.get(name) ?? '').matchAll(/console\.log\(.*\); \/\/ (.+)$/gm)].map(
    ([, text = '']) => text,
  );

async function newcomer(): Promise<Tokens> {
  return await logIn(system.auth.url, await register(system.auth.url));
}

/** Answers a newcomer, and no request without a token, and no longer once that one is out. */
async function isProtected(service: string, url: string, text: RegExp): Promise<void> {
  const { access_token: token } = await newcomer();
  await expect.poll(() => statusOf(get(url, token))).toBe(200);
  expect(await (await get(url, token)).text()).toMatch(text);
  expect(await statusOf(fetch(url))).toBe(401);
  // Of examples that have ended before, which do not deregister, nothing is confirmed.
  const { pending } = await logOut(system.auth.url, token);
  expect(pending.map((one) => one.service)).not.toContain(service);
  expect(await statusOf(get(url, token))).toBe(401);
}

const headersOf = (token: string) => ({ authorization: `Bearer ${token}` });

/** As jsonwebtoken signs one, with HS256. */
function oldToken(claims: object, secret: string): string {
  const parts = [{ alg: 'HS256', typ: 'JWT' }, claims];
  const text = parts
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

/** A verifier that an example says it has, as the first example of verify makes one. */
const verifierOf = (service: string): string => `
  import { connect } from '@nats-io/transport-node';
  import { createVerifier } from '@portcullis/verify';
  import { connectionOptions, natsFeed } from '@portcullis/verify/feeds/nats';
  const url = process.env['NATS_URL'];
  const connection = await connect({ ...connectionOptions({ service: '${service}', url }) });
  globalThis.verifier = await createVerifier({
    issuer: '${system.auth.url}',
    audience: 'urn:portcullis:user',
    service: '${service}',
    feed: natsFeed({ connection, prefix: '${system.bed.prefix}' }),
  });
  await globalThis.verifier.ready();
`;

describe('the projects of examples/', () => {
  it('compile', async () => {
    await projects.compile();
  });

  it('compile with declarations, whatever of ours they export', async () => {
    const text = await readFile(join(import.meta.dirname, 'exported-values.ts.txt'), 'utf8');
    await projects.declare(text);
  });

  it.each([
    ['express', 'main', '/orders'],
    ['recipes', 'node-http', '/'],
    ['recipes', 'web-server', '/'],
  ])('%s, %s: is protected', async (name, program, path) => {
    const port = String(await freePort());
    await using _ = projects.start(name, program, { PORT: port });
    await isProtected('orders', `http://127.0.0.1:${port}${path}`, /^the orders of usr_/);
  });

  /** Starts one of the recipes, and waits until it takes a token. */
  async function served(program: string, path: string) {
    const port = String(await freePort());
    const process = projects.start('recipes', program, { PORT: port });
    const url = `http://127.0.0.1:${port}`;
    const { access_token: token } = await newcomer();
    await expect.poll(() => statusOf(get(`${url}${path}`, token))).toBe(200);
    return { process, port, url, token };
  }

  it('recipes, requirements: demands what each route says', async () => {
    const { process, url, token } = await served('requirements', '/orders');
    await using _ = process;
    const { access_token: administrator } = await logIn(system.auth.url, system.administrator);
    const statuses = async (given: string) => [
      await statusOf(get(`${url}/orders/all`, given)),
      await statusOf(get(`${url}/orders/export`, given)),
      await statusOf(fetch(`${url}/orders`, { method: 'DELETE', headers: headersOf(given) })),
    ];
    expect(await statuses(token)).toEqual([403, 403, 204]);
    expect(await statuses(administrator)).toEqual([200, 403, 204]);
  });

  it('recipes, own-permissions: demands what is declared', async () => {
    const port = String(await freePort());
    await using process = projects.start('recipes', 'own-permissions', { PORT: port });
    const { access_token: administrator } = await logIn(system.auth.url, system.administrator);
    const { access_token: token } = await newcomer();
    const url = `http://127.0.0.1:${port}/orders`;
    const status = async (given: string) => await statusOf(get(url, given));
    await expect.poll(() => status(administrator), { message: process.log }).toBe(200);
    expect(await status(token)).toBe(403);
    const headers = headersOf(administrator);
    expect(await statusOf(fetch(url, { method: 'DELETE', headers }))).toBe(403);
  });

  it('recipes, own-permissions: a name that is not declared does not compile', async () => {
    await expect(
      projects.compileWith('recipes', 'own-permissions.ts', "role: 'manager'", "role: 'managers'"),
    ).rejects.toThrow(/TS2820.*'"managers"'/);
  });

  it('recipes, own-permissions.test: a role that is not declared does not compile', async () => {
    await expect(
      projects.compileWith('recipes', 'own-permissions.test.ts', "('manager')", "('managers')"),
    ).rejects.toThrow(/TS2345.*'"managers"'/);
  });

  it('recipes, observed: says why it refuses, and counts', async () => {
    const { process, url } = await served('observed', '/');
    await using _ = process;
    expect(await statusOf(get(`${url}/`, 'no.to.ken'))).toBe(401);
    await expect.poll(() => process.log).toMatch(/^refused: token_malformed \(1\)$/m);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toMatch(/^portcullis_verifier_tokens_accepted_total 1$/m);
  });

  it('recipes, client: logs in, calls, and tells one error from another', async () => {
    const { process, port } = await served('requirements', '/orders');
    await using _ = process;
    await using client = projects.start('recipes', 'client', { PORT: port });
    expect(await client.exited, client.log).toBe(0);
    const lines = ['ask for address and password again', 'signed_in', '200', 'signed_out'];
    expect(client.log.split('\n').filter((line) => lines.includes(line))).toEqual(lines);
  });

  it('recipes, ssr: shows a page by cookies, and renews them', async () => {
    const { process, url } = await served('ssr', '/');
    await using _ = process;
    const login = await fetch(`${system.auth.url}/v1/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...(await register(system.auth.url)), transport: 'cookie' }),
    });
    const cookies = login.headers.getSetCookie().map((one) => one.split(';', 1)[0] ?? '');
    const open = async (cookie: string) => await fetch(`${url}/`, { headers: { cookie } });
    const page = await open(cookies.join('; '));
    expect(await page.text()).toMatch(/<h1>The orders of usr_/);
    expect(page.headers.getSetCookie()).toEqual([]);
    const renewed = await open(cookies.filter((one) => one.includes('refresh')).join('; '));
    expect(await renewed.text()).toMatch(/<h1>The orders of usr_/);
    expect(renewed.headers.getSetCookie()).toHaveLength(2);
    expect(await statusOf(open(''))).toBe(401);
  });

  it('recipes, events: hears of a logout', async () => {
    await using events = projects.start('recipes', 'events');
    const { access_token: token, session_id: session } = await newcomer();
    await logOut(system.auth.url, token);
    await expect.poll(() => events.log).toContain(`the session ${session} has ended\n`);
  });

  it('recipes, explain: says why a token is refused', async () => {
    const { access_token: token } = await newcomer();
    await logOut(system.auth.url, token);
    const said = await projects.said('recipes', 'explain', `${token}\n`);
    expect(said).toMatch(/^refused session_revoked invalid_token\nsign in again/);
  });

  it.each(['route.test', 'own-permissions.test'])(
    'recipes, %s: passes by node:test',
    async (name) => {
      await using test = projects.start('recipes', name);
      expect(await test.exited, test.log).toBe(0);
      expect(test.log).toMatch(/^# pass 1$/m);
    },
  );

  it('migration: takes tokens of before, as their deny list says, until they expire', async () => {
    const port = String(await freePort());
    const secret = randomBytes(32).toString('hex');
    const now = Math.floor(Date.now() / 1000);
    const { redisUrl: redis } = testServers();
    const env = { OLD_SECRET: secret, REDIS_URL: redis, SWITCHED_OFF_AT: String(now) };
    await using migrated = projects.start('migration', 'main', { PORT: port, ...env });
    const url = `http://127.0.0.1:${port}`;
    const { access_token: token } = await newcomer();
    await expect
      .poll(() => statusOf(get(`${url}/orders`, token)), { message: migrated.log })
      .toBe(200);

    const claims = { sub: '42', jti: randomUUID(), iat: now - 60, exp: now + 60 };
    const old = oldToken(claims, secret);
    const status = async (one: string) => await statusOf(get(`${url}/orders`, one));
    expect(await (await get(`${url}/orders`, old)).text()).toBe('the orders of 42');
    const wrong = [
      oldToken(claims, `${secret}x`),
      oldToken({ ...claims, iat: now + 30 }, secret),
      oldToken({ ...claims, exp: now - 1 }, secret),
      'no.to.ken',
    ];
    for (const one of wrong) expect(await status(one)).toBe(401);
    const logOutHere = async (one: string) =>
      await fetch(`${url}/logout`, { method: 'POST', headers: headersOf(one) });
    expect(await statusOf(logOutHere(old))).toBe(204);
    expect(await status(old)).toBe(401);
    expect(await status(oldToken({ ...claims, jti: randomUUID() }, secret))).toBe(200);
    expect(await (await logOutHere(token)).json()).toMatchObject({ revoked: { kind: 'session' } });
    expect(await status(token)).toBe(401);
  });

  it('migration: an old token is 503 while Redis does not answer, and others do not mind', async () => {
    const port = String(await freePort());
    const nowhere = `redis://127.0.0.1:${await freePort()}`;
    const now = Math.floor(Date.now() / 1000);
    const env = { OLD_SECRET: 'a secret', REDIS_URL: nowhere, SWITCHED_OFF_AT: String(now) };
    await using _ = projects.start('migration', 'main', { PORT: port, ...env });
    const { access_token: token } = await newcomer();
    const status = async (one: string) =>
      await statusOf(get(`http://127.0.0.1:${port}/orders`, one));
    await expect.poll(() => status(token)).toBe(200);
    const old = oldToken({ sub: '42', jti: 'x', iat: now - 60, exp: now + 60 }, 'a secret');
    expect(await status(old)).toBe(503);
    expect(await status(token)).toBe(200);
  });
});

describe('client', () => {
  it('logs in, calls, and logs out', async () => {
    expect(await outputOf('client 0')).toMatch(/^Ada is out: (\d) of \1 verifiers confirmed\n$/);
  });
});

it('react: makes the elements of a page', async () => {
  expect(await outputOf('react 0')).toBe('');
});

describe('verify', () => {
  it('protects a router of tRPC', async () => {
    const port = String(await freePort());
    await using _ = await start('verify 0', port);
    await isProtected('orders', `http://127.0.0.1:${port}/mine`, /the orders of usr_/);
    const { access_token: token } = await newcomer();
    expect(await statusOf(get(`http://127.0.0.1:${port}/all`, token))).toBe(403);
  });

  it('protects a server of node:http', async () => {
    const port = String(await freePort());
    await using _ = await start('verify 1', port, verifierOf('invoices'));
    const { access_token: token } = await newcomer();
    const url = `http://127.0.0.1:${port}/`;
    await expect.poll(() => statusOf(get(url, token))).toBe(403);
    const { access_token: administrator } = await logIn(system.auth.url, system.administrator);
    expect(await (await get(url, administrator)).text()).toMatch(/^hello usr_/);
  });

  it('protects routes of Express', async () => {
    const port = String(await freePort());
    await using _ = await start('verify 2', port, verifierOf('orders-express'));
    await isProtected('orders-express', `http://127.0.0.1:${port}/orders`, /^the orders of usr_/);
  });
});

it('events: hears of a logout', async () => {
  const before = `
    globalThis.connections = { closeAllOf: (id) => console.log('closed', id) };
    globalThis.invoices = { forget: async (id) => console.log('forgot', id) };`;
  await using started = await start('events 0', '0', before);
  const { access_token: token, session_id: session } = await newcomer();
  await logOut(system.auth.url, token);
  await expect.poll(() => started.log).toContain(`closed ${session}\n`);
});

describe('an example that ends by itself', () => {
  it.each([
    ...['api 0', 'bus 0', 'client 1', 'client 2', 'contracts 0', 'contracts 1'],
    ...['snapshot 0', 'testkit 0', 'testkit 1'],
  ])('%s prints what it says', async (name) => {
    const lines = (await outputOf(name)).split('\n');
    for (const text of saidBy(name)) {
      expect(lines).toContain(text);
      lines.splice(0, lines.indexOf(text) + 1);
    }
  });
});

describe('all of them', () => {
  it('were run', () => {
    expect([...ran].toSorted()).toEqual([...examples.keys()].toSorted());
    expect(new Set([...ran].map((name) => name.split(' ')[0])).size).toBe(tarballs.length);
  });

  it('compile', async () => {
    const types = new Project(project, process.execPath);
    types.addExamplesOf(tarballs);
    await types.compile({ compiler: tool('tsc'), resolution: 'nodenext' });
  });
});
