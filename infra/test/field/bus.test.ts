/** Faults of the bus, on a NATS server of this file's own with a user whose permissions change. */
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connect, nanos, TimeoutError, type NatsConnection } from '@nats-io/transport-node';
import { subjectsOf } from '@portcullis/bus';
import {
  appDatabase,
  createTestBed,
  ensureUserClient,
  startAuth,
  startPrivateNats,
  startUser,
  type AuthProcess,
  type PrivateNats,
  type SpawnedService,
  type TestBed,
} from '@portcullis/testbed';
import { readdir, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { get, logIn, register, statusOf } from '../e2e/calls.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;
const LAUNCHER = { user: 'launcher', pass: 'of the launcher' };
const SERVICE = { user: 'service', pass: 'of the services' };
const NOTHING = JSON.stringify(['nothing']);
/** What the server takes from its environment the next time that it starts. */
const env = { DENIED: NOTHING };

let bed: TestBed<'auth' | 'user'>;
let nats: PrivateNats;
let bus: NatsConnection;
let streams: JetStreamManager;
let auth: AuthProcess;
let user: SpawnedService;

beforeAll(async () => {
  bed = await createTestBed({
    databases: { auth: appDatabase('auth'), user: appDatabase('user') },
  });
  nats = await startPrivateNats({
    configuration: `listen: $NATS_LISTEN
jetstream { store_dir: $NATS_STORE_DIR }
authorization { users: [
  { user: ${LAUNCHER.user}, password: "${LAUNCHER.pass}" }
  {
    user: ${SERVICE.user}, password: "${SERVICE.pass}"
    permissions: { publish: ">", subscribe: { allow: ">", deny: $DENIED } }
  }
] }`,
    env,
    ...LAUNCHER,
  });
  const url = new URL(nats.url);
  url.username = SERVICE.user;
  url.password = encodeURIComponent(SERVICE.pass);
  auth = await startAuth(bed, { NATS_URL: url.href, PORTCULLIS_DURABLES: 'billing:accounts' });
  await ensureUserClient(bed, auth);
  user = await startUser(bed, auth.issuer, { NATS_URL: url.href });
  bus = await connect({
    ...LAUNCHER,
    servers: url.host,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 50,
  });
  streams = await jetstreamManager(bus);
}, 120_000);

afterAll(async () => {
  await bus.close();
  await bed.dispose();
  await nats[Symbol.asyncDispose]();
});

/** Whether there is a subscription: the server answers a request to none at once, and a service not at all. */
async function isHeard(subject: string): Promise<boolean> {
  try {
    await bus.request(subject, '{}', { timeout: 400 });
    return true;
  } catch (error) {
    return error instanceof TimeoutError;
  }
}

function listenedTo(): string[] {
  const subjects = subjectsOf(bed.prefix);
  return [
    subjects.pushes,
    subjects.numbered,
    subjects.instances('user'),
    subjects.grant('user'),
    subjects.acknowledge('user'),
    subjects.deregister('user'),
  ];
}

/** Those of the subjects that the services listen to which have a subscriber. */
async function heard(): Promise<string[]> {
  // Not connected, every request would time out.
  const linked = bus.rtt().then(
    () => true,
    () => false,
  );
  const late = new Promise<boolean>((resolve) => {
    setTimeout(resolve, 400, false);
  });
  if (!(await Promise.race([linked, late]))) return ['this test is not connected'];
  const answers = await Promise.all(
    listenedTo().map(async (subject) => ((await isHeard(subject)) ? [subject] : [])),
  );
  return answers.flat();
}

async function saysThatNatsIsUp(): Promise<boolean> {
  const metrics = await (await fetch(`${auth.url}/metrics`)).text();
  return /^portcullis_auth_dependency_up\{.*dependency="nats".*\} 1$/m.test(metrics);
}

it('V10: what was denied for a while is heard again, and until then NATS is not called up', async () => {
  await expect.poll(heard, { interval: 100 }).toEqual(listenedTo());
  const { pushes, numbered, grants, acknowledgements, deregistrations, instances } = subjectsOf(
    bed.prefix,
  );
  env.DENIED = JSON.stringify([
    ...[pushes, numbered, grants, acknowledgements, deregistrations],
    instances('user'),
  ]);
  await nats.restart();
  let calledUp: boolean;
  try {
    // Both are connected to NATS by then, and deaf.
    await new Promise((resolve) => {
      setTimeout(resolve, 1_500);
    });
    await expect.poll(heard, { interval: 100 }).toEqual([]);
    calledUp = await saysThatNatsIsUp();
  } finally {
    env.DENIED = NOTHING;
    await nats.restart();
  }
  await expect.poll(heard, { interval: 100, timeout: 12_000 }).toEqual(listenedTo());
  expect(calledUp).toBe(false);
  await expect.poll(saysThatNatsIsUp, { interval: 100 }).toBe(true);
});

it('V11: a stream with another setting keeps no other from being made', async () => {
  const { revocationStream, accountStream } = subjectsOf(bed.prefix);
  const made = async (): Promise<string[]> => {
    const names = ['user', 'billing'].map(async (name) => {
      const found = await streams.consumers.info(accountStream, name).catch(() => undefined);
      return found === undefined ? [] : [name];
    });
    return (await Promise.all(names)).flat();
  };
  await expect.poll(made, { interval: 100 }).toEqual(['user', 'billing']);
  await streams.streams.update(revocationStream, { max_age: nanos(30 * DAY_MS) });
  await streams.streams.delete(accountStream);
  // What cannot be stored has auth look after its streams at once.
  const token = (await logIn(auth.url, await register(auth.url))).access_token;
  await expect.poll(made, { interval: 200, timeout: 14_000 }).toEqual(['user', 'billing']);
  await expect
    .poll(async () => await statusOf(get(`${user.url}/v1/me`, token)), { timeout: 14_000 })
    .toBe(200);
  const { config } = await streams.streams.info(revocationStream);
  expect(config.max_age, 'kept for as long as the operator wants').toBe(nanos(30 * DAY_MS));
});

it('V15: malformed messages leave one bounded line for each kind, without their content', async () => {
  const { pushes, numbered, instances, grant } = subjectsOf(bed.prefix);
  const subjects = [pushes, numbered, instances('user'), grant('user')];
  const linesOf = ({ log }: SpawnedService): { msg: string; message?: string }[] =>
    log
      .split('\n')
      .filter((line) => line.startsWith('{') && line.includes('malformed message'))
      .map((line) => JSON.parse(line));
  const before = { user: linesOf(user).length, auth: linesOf(auth).length };
  for (let i = 0; i < 14; i += 1) {
    for (const subject of subjects) bus.publish(subject, `{"secret":"not for the log","n":${i}}`);
  }
  await bus.flush();
  const kinds = (): string[] => [...new Set(linesOf(user).map(({ message = '' }) => message))];
  await expect
    .poll(() => kinds().toSorted(), { timeout: 5_000, interval: 100 })
    .toEqual(['live event', 'numbering', 'push']);
  expect(linesOf(user).length - before.user).toBeLessThanOrEqual(6);
  expect(linesOf(auth).length - before.auth).toBeLessThanOrEqual(2);
  expect(user.log + auth.log).not.toContain('not for the log');
  const metrics = await (await fetch(`${user.url}/metrics`)).text();
  for (const kind of kinds()) {
    expect(metrics).toMatch(
      new RegExp(`^portcullis_bus_malformed_total\\{.*message="${kind}".*\\} [1-9]`, 'm'),
    );
  }
});

it('V17: no status is waited for that no subscription asks for', async () => {
  const root = new URL('../../../', import.meta.url);
  const waiting: string[] = [];
  for (const folder of ['apps', 'packages']) {
    for (const name of await readdir(new URL(folder, root))) {
      const source = new URL(`${folder}/${name}/src/`, root);
      for (const file of await readdir(source, { recursive: true })) {
        if (!file.endsWith('.ts')) continue;
        const text = await readFile(new URL(file, source), 'utf8');
        // The library reports a slow subscription only where its option `slow` was given, and takes that
        // from iterators alone.
        const waits = text.includes("'slowConsumer'") && !/\bslow: /.test(text);
        if (waits) waiting.push(`${folder}/${name}/src/${file}`);
      }
    }
  }
  expect(waiting).toEqual([]);
});
