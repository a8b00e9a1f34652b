/** A login that NATS refuses: before there is a connection, and after a service was removed and added again. */
import { newId } from '@portcullis/contracts';
import { startPrivateNats, type PrivateNats } from '@portcullis/testbed';
import { errors } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { ConnectingFeed } from '../src/connect/connecting-feed.ts';
import { connectionOptions } from '../src/feeds/nats/index.ts';
import { ReconnectLogin } from '../src/feeds/nats/refused-login.ts';

const LAUNCHER = { user: 'launcher', pass: 'launcher' };
const FIX = /\(NATS_URL\).*npm run service -- remove.*restart it/;
/** What the server takes from its environment the next time that it starts. */
const env = { ORDERS_PASSWORD: '"of before"' };

let nats: PrivateNats;
let feed: ConnectingFeed;

beforeAll(async () => {
  nats = await startPrivateNats({
    configuration: `listen: $NATS_LISTEN
authorization { users: [
  { user: ${LAUNCHER.user}, password: ${LAUNCHER.pass} }
  { user: orders, password: $ORDERS_PASSWORD }
] }`,
    env,
    ...LAUNCHER,
  });
});
afterEach(async () => await feed.close());
afterAll(async () => await nats[Symbol.asyncDispose]());

/** As `connectVerifier` does. */
async function connectWith(password: string): Promise<void> {
  const url = new URL(nats.url);
  url.username = 'orders';
  url.password = encodeURIComponent(password);
  feed = new ConnectingFeed(connectionOptions({ service: 'orders', url: url.href }), {});
  const nothing = (): void => undefined;
  await feed.open({ revocation: nothing, numbered: nothing, restored: nothing }, 'orders');
}

/** Whether there is a link: no one answers the question, and that is another problem. */
async function linked(): Promise<boolean> {
  const question = {
    version: 1 as const,
    service: 'orders',
    incarnation: newId('inc'),
    nonce: 'n'.repeat(16),
    policy: 'reject' as const,
    epoch: null,
    position: 0,
    applied: [],
  };
  await feed.request(question, 1_000).catch(() => undefined);
  return feed.problems().some((text) => text.includes('auth does not listen'));
}

it('before there is a connection names the address, and what a service added again needs', async () => {
  await connectWith('another');
  await expect
    .poll(() => feed.problems(), { timeout: 5_000 })
    .toEqual([expect.stringMatching(/^there is no connection to NATS yet \(.*Authorization/)]);
  expect(feed.problems()[0]).toMatch(FIX);
});

it('of a connection that was there is the reason, and not a NATS that is down', async () => {
  await connectWith('of before');
  await expect.poll(linked, { timeout: 5_000 }).toBe(true);
  env.ORDERS_PASSWORD = '"of the one that was added again"';
  await nats.restart();
  await expect
    .poll(() => feed.problems(), { timeout: 8_000 })
    .toEqual([expect.stringMatching(/^NATS refuses the login \(Authorization Violation\)/)]);
  expect(feed.problems()[0]).toMatch(FIX);
  env.ORDERS_PASSWORD = '"of before"';
  await nats.restart();
  await expect.poll(linked, { timeout: 8_000 }).toBe(true);
}, 30_000);

it('is no reason any more once NATS does not answer, or has let it in', () => {
  const login = new ReconnectLogin();
  const refuse = (): void =>
    login.note({ type: 'error', error: new errors.AuthorizationError('Authorization Violation') });
  expect(login.isRefused).toBe(false);
  refuse();
  login.note({ type: 'reconnecting' });
  expect(login.isRefused).toBe(true);
  for (let attempt = 0; attempt < 3; attempt += 1) login.note({ type: 'reconnecting' });
  expect(login.isRefused).toBe(false);
  refuse();
  expect(login.isRefused).toBe(true);
  login.note({ type: 'reconnect', server: 'localhost' });
  expect(login.isRefused).toBe(false);
  login.note({ type: 'error', error: new errors.AuthorizationError('Authentication Timeout') });
  expect(login.isRefused).toBe(false);
});
