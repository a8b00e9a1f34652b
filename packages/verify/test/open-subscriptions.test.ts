/** Permissions that are taken away and given back, on a server of this test's own. */
import { startPrivateNats, type PrivateNats } from '@portcullis/testbed';
import { connect, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { OpenSubscriptions } from '../src/feeds/nats/open-subscriptions.ts';

const LAUNCHER = { user: 'launcher', pass: 'launcher' };
const SERVICE = { user: 'service', pass: 'service' };

let nats: PrivateNats;
let publisher: NatsConnection;
let connection: NatsConnection;
let subscriptions: OpenSubscriptions;
let heard: string[];
let told: string[];

function allowing(denied: readonly string[]): string {
  return `listen: $NATS_LISTEN
authorization { users: [
  { user: ${LAUNCHER.user}, password: ${LAUNCHER.pass} }
  {
    user: ${SERVICE.user}, password: ${SERVICE.pass}
    permissions: { subscribe: { allow: ">", deny: ${JSON.stringify(denied)} } }
  }
] }`;
}

beforeAll(async () => {
  nats = await startPrivateNats({ configuration: allowing(['nothing']), env: {}, ...LAUNCHER });
  publisher = await connect({
    servers: new URL(nats.url).host,
    ...LAUNCHER,
    reconnectTimeWait: 50,
    maxReconnectAttempts: -1,
    timeout: 1_000,
  });
});

afterAll(async () => {
  await publisher.close();
  await nats[Symbol.asyncDispose]();
});

beforeEach(async () => {
  await nats.reload(allowing(['nothing']));
  heard = [];
  told = [];
  connection = await connect({
    servers: new URL(nats.url).host,
    ...SERVICE,
    reconnectTimeWait: 50,
    maxReconnectAttempts: -1,
    // A server that ends in the middle of a handshake is waited for so long: 20 s, unless it is said.
    timeout: 1_000,
  });
  subscriptions = new OpenSubscriptions(connection, {
    denied: (subject) => void told.push(`denied ${subject}`),
    reopened: (subject) => void told.push(`reopened ${subject}`),
  });
  const hear = (message: Msg): void => void heard.push(message.string());
  subscriptions.add('push', hear);
  subscriptions.add('grants', hear, 'auth');
});

afterEach(async () => {
  subscriptions.close();
  await connection.close();
});

async function publish(subject: string, text: string): Promise<void> {
  publisher.publish(subject, text);
  await publisher.flush();
}

const isOpen = async (open: boolean): Promise<void> =>
  await expect.poll(() => subscriptions.open, { interval: 10, timeout: 10_000 }).toBe(open);

describe('subscriptions that are denied for a while', () => {
  it('are open once the server has seen them', async () => {
    expect(subscriptions.open).toBe(false);
    await isOpen(true);
    await publish('push', 'one');
    await expect.poll(() => heard, { interval: 10 }).toEqual(['one']);
    expect(told).toEqual([]);
  });

  it.each([['push'], ['grants']])(
    'come back after a reload of permissions: %s',
    async (subject) => {
      await isOpen(true);
      await nats.reload(allowing([subject]));
      await isOpen(false);
      await publish(subject, 'not heard');
      await new Promise((resolve) => {
        setTimeout(resolve, 800);
      });
      expect(told).toEqual([`denied ${subject}`]);
      await nats.reload(allowing(['nothing']));
      await isOpen(true);
      expect(told).toEqual([`denied ${subject}`, `reopened ${subject}`]);
      await publish(subject, 'heard');
      await expect.poll(() => heard, { interval: 10 }).toEqual(['heard']);
      // Not twice: what was subscribed to before is gone.
      await publish(subject, 'once');
      await expect.poll(() => heard, { interval: 10 }).toEqual(['heard', 'once']);
    },
  );

  it('come back after a reconnect to a server that denied them and one that does not', async () => {
    await isOpen(true);
    await nats.reload(allowing(['push', 'grants']));
    await nats.restart();
    await isOpen(false);
    await nats.reload(allowing(['nothing']));
    await nats.restart();
    await isOpen(true);
    expect(told.toSorted()).toEqual([
      'denied grants',
      'denied push',
      'reopened grants',
      'reopened push',
    ]);
    // Both were disconnected, the subscriber perhaps once more after it was open: the permissions
    // are given back before the second restart. Core NATS keeps nothing for who is away.
    for (const each of [connection, publisher]) {
      const again = async () => await each.rtt().catch(() => undefined);
      await expect.poll(again, { timeout: 10_000 }).toBeDefined();
    }
    await publish('grants', 'heard');
    await expect.poll(() => heard, { interval: 10 }).toEqual(['heard']);
  });

  it('are not asked for again once they are closed', async () => {
    await isOpen(true);
    await nats.reload(allowing(['push']));
    await isOpen(false);
    subscriptions.close();
    await nats.reload(allowing(['nothing']));
    await new Promise((resolve) => {
      setTimeout(resolve, 400);
    });
    await publish('push', 'not heard');
    expect(heard).toEqual([]);
    expect(told).toEqual(['denied push']);
  });
});
