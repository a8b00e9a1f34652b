/** The documents' blocks for a service of the reader's own, beside a NATS with the users of `npm start`. */
import {
  appDatabase,
  createTestBed,
  freePort,
  startAuth,
  startPrivateNats,
  type AuthProcess,
  type PrivateNats,
  type TestBed,
} from '@portcullis/testbed';
import { transform } from 'esbuild';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { LAUNCHER, natsConfiguration, passwordVariable } from '../../nats/configuration.ts';
import { prepareNats } from '../../nats/users.ts';
import { logIn, logOut, register } from '../e2e/calls.ts';

const checkout = new URL('../../../', import.meta.url);
const PREFIX = 'portcullis';
const DURABLES = [
  { service: 'billing', stream: 'accounts' },
  { service: 'billing', stream: 'revocations' },
] as const;
const USERS = [LAUNCHER, 'auth', 'user', 'admin', 'orders', 'billing'];
const passwordOf = (user: string): string => `password of ${user}`;

let bed: TestBed<'auth'>;
let nats: PrivateNats;
let auth: AuthProcess;
let folder: string;
const running: { stop: () => Promise<void> }[] = [];

beforeAll(async () => {
  bed = await createTestBed({ databases: { auth: appDatabase('auth') } });
  nats = await startPrivateNats({
    configuration: natsConfiguration(PREFIX, USERS, DURABLES),
    env: Object.fromEntries(
      USERS.map((user) => [passwordVariable(user), JSON.stringify(passwordOf(user))]),
    ),
    user: LAUNCHER,
    pass: passwordOf(LAUNCHER),
  });
  auth = await startAuth(bed, {
    NATS_URL: urlOf('auth'),
    PORTCULLIS_PREFIX: PREFIX,
    PORTCULLIS_SERVICES: JSON.stringify({
      orders: { audience: 'urn:acme:orders' },
      billing: { events: DURABLES.map(({ stream }) => stream) },
    }),
  });
  folder = await mkdtemp(join(tmpdir(), 'portcullis-own-service-'));
  for (const user of ['orders', 'billing']) {
    const client =
      'PORTCULLIS_CLIENT_ID=cli_of_none\nPORTCULLIS_CLIENT_SECRET=of no client: NATS answers here';
    await writeFile(join(folder, `${user}.env`), `NATS_URL=${urlOf(user)}\n${client}\n`);
  }
}, 120_000);

afterEach(async () => {
  for (const { stop } of running.splice(0)) await stop();
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await bed.dispose();
  await nats[Symbol.asyncDispose]();
});

function urlOf(user: string): string {
  const url = new URL(nats.url);
  url.username = user;
  url.password = encodeURIComponent(passwordOf(user));
  return url.href;
}

async function blockOf(page: string, mark: string): Promise<string> {
  const text = await readFile(new URL(page, checkout), 'utf8');
  const blocks = [...text.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code = '']) => code);
  const [block] = blocks.filter((code) => code.includes(mark));
  expect(block, `${page} shows ${mark}`).toBeDefined();
  return block ?? '';
}

/** Only addresses and the place of the credentials are this test's own. */
const placed = (text: string): string =>
  text
    .replaceAll('http://localhost:4000', auth.issuer)
    .replaceAll('nats://localhost:4222', `nats://${new URL(nats.url).host}`)
    .replaceAll('nats.internal:4222', new URL(nats.url).host)
    .replaceAll('.portcullis/dev/services/', `${folder}/`);

interface Running {
  output: () => string;
  /** How it ended, and undefined while it runs. */
  ended: () => string | undefined;
}

/** Runs the code in the folder of a package, where the packages of its imports are found. */
async function run(code: string, packageFolder: string, env = {}): Promise<Running> {
  const { code: plain } = await transform(code, { loader: 'ts', format: 'esm' });
  const child = spawn(process.execPath, ['--input-type=module', '--eval', plain], {
    cwd: fileURLToPath(new URL(packageFolder, checkout)),
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  let end: string | undefined;
  child.once('close', (status) => (end = `ended with ${status}\n${output}`));
  running.push({
    stop: async () => {
      if (end !== undefined) return;
      child.kill('SIGKILL');
      await once(child, 'close');
    },
  });
  return { output: () => output, ended: () => end };
}

it('D1: "Protect a service of your own" serves and refuses, pasted beside npm start', async () => {
  const port = await freePort();
  const block = placed(await blockOf('README.md', 'protect(verifier)')).replaceAll(
    '4010',
    String(port),
  );
  const service = await run(block, 'packages/verify/');
  const account = await register(auth.url);
  const { access_token: token } = await logIn(auth.url, account);
  const answer = async (): Promise<string> => {
    const end = service.ended();
    if (end !== undefined) return end;
    const called = fetch(`http://127.0.0.1:${port}/mine`, {
      headers: { authorization: `Bearer ${token}` },
    });
    return await called.then(
      (response) => String(response.status),
      () => 'no answer yet',
    );
  };
  await expect.poll(answer, { timeout: 20_000, interval: 200 }).toBe('200');
  expect(await logOut(auth.url, token)).toMatchObject({ confirmed: 1, expected: 1 });
  expect(await answer()).toBe('401');

  const page = await readFile(new URL('README.md', checkout), 'utf8');
  const [, calls = ''] = /<!-- orders -->\n\n```sh\n([\s\S]*?)```/.exec(page) ?? [];
  const script = placed(calls).replaceAll('localhost:4010', `127.0.0.1:${port}`);
  const said = execFileSync('bash', ['-ec', script], { encoding: 'utf8' });
  const end = [/"the orders of usr_\w+"/, /"confirmed":1,"expected":1/, /HTTP\/1.1 401 /];
  for (const part of end) expect(said).toMatch(part);
}, 60_000);

it('D1: the subscriber of docs/events.md hears a logout, pasted beside npm start', async () => {
  const block = placed(await blockOf('docs/events.md', 'subscribeToEvents({')).replace(
    /declare const connections.*/,
    'const connections = { closeAllOf: (id) => console.log(`closed ${id}`) };',
  );
  const subscriber = await run(block, 'packages/events/');
  const account = await register(auth.url);
  const { access_token: token, session_id: session } = await logIn(auth.url, account);
  await logOut(auth.url, token, 'logout', 0);
  await expect
    .poll(() => subscriber.ended() ?? subscriber.output(), { timeout: 20_000, interval: 200 })
    .toContain(`closed ${session}`);
}, 60_000);

it('D1: the connection of docs/operations.md is let in with what a service is given', async () => {
  const block = placed(await blockOf('docs/operations.md', 'await connect({'));
  const told = `${block}\nawait connection.flush();\nconsole.log('let in');\nawait connection.close();`;
  const service = await run(told, 'packages/verify/', { NATS_URL: urlOf('orders') });
  await expect
    .poll(() => service.ended(), { timeout: 20_000, interval: 200 })
    .toBe('ended with 0\nlet in\n');
}, 60_000);

it('D3: a service that is added to the launcher is let in after every start', async () => {
  const data = join(folder, 'data');
  await mkdir(data);
  await writeFile(join(data, 'services.json'), '{"orders":{"events":["accounts"]}}');
  const first = prepareNats(data, 'each');
  const again = prepareNats(data, 'each');
  expect(again).toEqual(first);
  const password = again.passwords['NATS_ORDERS_PASSWORD'] ?? 'none';
  await using started = await startPrivateNats({
    configuration: await readFile(again.configuration, 'utf8'),
    env: Object.fromEntries(
      Object.entries(again.passwords).map(([name, value]) => [name, JSON.stringify(value)]),
    ),
    user: LAUNCHER,
    pass: again.credentials.slice(LAUNCHER.length + 1),
  });
  const url = new URL(started.url);
  url.username = 'orders';
  url.password = password;
  const block = placed(await blockOf('docs/operations.md', 'await connect({'));
  const told = `${block}\nawait connection.flush();\nconsole.log('let in');\nawait connection.close();`;
  const service = await run(told, 'packages/verify/', { NATS_URL: url.href });
  await expect
    .poll(() => service.ended(), { timeout: 20_000, interval: 200 })
    .toBe('ended with 0\nlet in\n');
}, 60_000);
