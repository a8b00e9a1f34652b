/** Every connection to NATS that a document or an example shows, through a roll-out that refuses it. */
import { newId } from '@portcullis/contracts';
import { startPrivateNats, type PrivateNats } from '@portcullis/testbed';
import * as exported from '@portcullis/verify/feeds/nats';
import { connect, type NatsConnection, type NodeConnectionOptions } from '@nats-io/transport-node';
import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { ConnectingFeed } from '../../src/connect/connecting-feed.ts';

const SHOWN = ['docs/operations.md', 'docs/events.md', 'packages/events/examples/subscriber.ts'];
/** These have `connectVerifier` make it. */
const CONNECTING = [
  'README.md',
  'packages/verify/README.md',
  'packages/verify/examples/protected-router.ts',
];
const USER = 'orders';
const RIGHT = 'the right password';
const LAUNCHER = { user: 'launcher', pass: 'of the launcher' };

const question = {
  version: 1 as const,
  service: USER,
  incarnation: newId('inc'),
  nonce: 'n'.repeat(16),
  policy: 'reject' as const,
  epoch: null,
  position: 0,
  applied: [],
};

/** What the server takes from its environment the next time that it starts. */
const env = { ORDERS_PASSWORD: JSON.stringify(RIGHT) };

let nats: PrivateNats;
let connections: Map<string, NatsConnection>;
/** As `connectVerifier` has it. */
let feed: ConnectingFeed;
const lost: string[] = [];

beforeAll(async () => {
  nats = await startPrivateNats({
    configuration: `listen: $NATS_LISTEN
authorization { users: [
  { user: ${LAUNCHER.user}, password: "${LAUNCHER.pass}" }
  { user: ${USER}, password: $ORDERS_PASSWORD }
] }`,
    env,
    ...LAUNCHER,
  });
});

beforeEach(async () => {
  lost.length = 0;
  connections = new Map(
    await Promise.all(
      SHOWN.map(async (file) => {
        const place = { servers: new URL(nats.url).host, user: USER, pass: RIGHT };
        const connection = await connect({ ...optionsIn(file), ...place });
        void follow(file, connection);
        return [file, connection] as const;
      }),
    ),
  );
});

beforeEach(async () => {
  const url = new URL(nats.url);
  url.username = USER;
  url.password = encodeURIComponent(RIGHT);
  feed = new ConnectingFeed(exported.connectionOptions({ service: USER, url: url.href }), {});
  const nothing = (): void => undefined;
  await feed.open({ revocation: nothing, numbered: nothing, restored: nothing }, USER);
  await expect.poll(linked).toBe(true);
});

afterEach(async () => {
  await feed.close();
  for (const connection of connections.values()) await connection.close();
});

afterAll(async () => {
  await nats[Symbol.asyncDispose]();
});

/** Whether the feed has a link: a question is answered then that no service is there. */
async function linked(): Promise<boolean> {
  const failure: unknown = await feed.request(question, 400).catch((error: unknown) => error);
  return String(failure).includes('no responders');
}

/** The options of the `connect({ … })` in that file, as a reader would paste them. */
function optionsIn(file: string): NodeConnectionOptions {
  const text = readFileSync(new URL(`../../../../${file}`, import.meta.url), 'utf8');
  const [, options] = /await connect\((\{[\s\S]*?\})\);/.exec(text) ?? [];
  if (options === undefined) throw new Error(`${file} shows no connection`);
  return runInNewContext(`(${options})`, {
    ...exported,
    password: '',
    process: { env: { NATS_URL: 'nats://orders:x@127.0.0.1:4222' } },
  });
}

async function follow(file: string, connection: NatsConnection): Promise<void> {
  for await (const { type } of connection.status()) if (type === 'disconnect') lost.push(file);
}

/** Which of them get an answer from the server. */
async function connected(): Promise<string[]> {
  const answers = await Promise.all(
    [...connections].map(async ([file, connection]) => {
      if (connection.isClosed()) return [];
      const answer = connection.rtt().then(
        () => [file],
        () => [],
      );
      const late = new Promise<string[]>((resolve) => {
        setTimeout(resolve, 400, []);
      });
      return await Promise.race([answer, late]);
    }),
  );
  return answers.flat();
}

it('V9: each documented NATS connection comes back after its login was refused for a while', async () => {
  expect(await connected()).toEqual(SHOWN);
  expect(await linked()).toBe(true);
  env.ORDERS_PASSWORD = JSON.stringify('a wrong password');
  await nats.restart();
  // The library's own delay is two seconds, and the second refusal ends a connection.
  await new Promise((resolve) => {
    setTimeout(resolve, 5_000);
  });
  env.ORDERS_PASSWORD = JSON.stringify(RIGHT);
  await nats.restart();
  const closed = [...connections].filter(([, connection]) => connection.isClosed());
  expect(closed.map(([file]) => file)).toEqual([]);
  await expect.poll(connected, { timeout: 8_000, interval: 200 }).toEqual(SHOWN);
  await expect.poll(linked, { timeout: 8_000, interval: 200 }).toBe(true);
});

it('V9: each documented NATS connection notices a frozen server within seconds', async () => {
  nats.pause();
  try {
    await expect
      .poll(() => [...new Set(lost)].toSorted(), { timeout: 8_000, interval: 100 })
      .toEqual(SHOWN.toSorted());
    await expect
      .poll(() => feed.problems(), { timeout: 8_000, interval: 100 })
      .toEqual(['the link to NATS is down: check that NATS runs, and its address']);
  } finally {
    nats.resume();
  }
});

it.each(CONNECTING)('V9: %s has its connection made by connectVerifier', (file) => {
  const text = readFileSync(new URL(`../../../../${file}`, import.meta.url), 'utf8');
  expect(text).toMatch(/await connectVerifier\(\{[\s\S]*? nats: process\.env\['NATS_URL'\],/);
});
