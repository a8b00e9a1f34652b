/** What happens around handlers that take their time. */
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { subjectsOf } from '@portcullis/bus';
import { newId } from '@portcullis/contracts';
import { createTestBed, type TestBed } from '@portcullis/testbed';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { subscribeToEvents } from '../src/index.ts';

let bed: TestBed;
let connection: NatsConnection;
let handled: string[];

beforeEach(async () => {
  handled = [];
  bed = await createTestBed();
  const { host, username, password } = new URL(bed.natsUrl);
  connection = await connect({
    servers: host,
    ...(username !== '' && { user: username, pass: decodeURIComponent(password) }),
  });
  const { accountStream, accounts } = subjectsOf(bed.prefix);
  const { streams, consumers } = await jetstreamManager(connection);
  await streams.add({ name: accountStream, subjects: [accounts] });
  await consumers.add(accountStream, {
    durable_name: 'billing',
    filter_subject: accounts,
    ack_policy: 'explicit',
    ack_wait: 1_000_000_000,
  });
});
afterEach(async () => {
  await connection.close();
  await bed.dispose();
});

const listen = (handle: (id: string) => Promise<void>, handledWithin?: number) =>
  subscribeToEvents({
    connection,
    prefix: bed.prefix,
    durable: 'billing',
    handlers: {
      enabled: async ({ id }) => {
        await handle(id);
        handled.push(id);
      },
    },
    ignored: [
      ...(['revocations', 'registered', 'email-changed', 'profile-changed'] as const),
      ...(['disabled', 'roles-changed', 'deleted'] as const),
    ],
    ...(handledWithin !== undefined && { handledWithin }),
  });

async function publish(count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => newId('evt'));
  for (const id of ids) {
    const event = {
      version: 1,
      id,
      type: 'enabled',
      occurred_at: Date.now(),
      actor: { kind: 'system', id: 'test' },
      request_id: 'req_test',
      user_id: newId('usr'),
    };
    const subject = subjectsOf(bed.prefix).account('enabled');
    await jetstream(connection).publish(subject, JSON.stringify(event));
  }
  return ids;
}

it('delivers nothing twice that takes longer than the wait for its acknowledgement', async () => {
  const ids = await publish(3);
  await using events = listen(async () => await sleep(2_500));
  await expect.poll(() => handled.length, { timeout: 20_000 }).toBe(3);
  // What was delivered twice would be handled by now.
  await sleep(1_500);
  expect(handled.toSorted()).toEqual(ids.toSorted());
  await expect.poll(() => events.stats()).toMatchObject({ handled: 3, unacknowledged: 0 });
}, 40_000);

it('calls quick handlers one after the other', async () => {
  await publish(20);
  let [atOnce, most] = [0, 0];
  await using _events = listen(async () => {
    most = Math.max(most, (atOnce += 1));
    await sleep(5);
    atOnce -= 1;
  });
  await expect.poll(() => handled.length, { timeout: 10_000 }).toBe(20);
  expect(most).toBe(1);
});

it('counts one that takes too long as failed, and delivers its event again', async () => {
  const [id] = await publish(1);
  let attempts = 0;
  await using events = listen(async () => {
    attempts += 1;
    if (attempts === 1) await new Promise(() => undefined);
  }, 200);
  await expect.poll(() => handled, { timeout: 10_000 }).toEqual([id]);
  expect(events.stats().failed).toBe(1);
});

it('ends while a handler hangs, and gives back what is not begun', async () => {
  const ids = await publish(4);
  let begun = 0;
  const events = listen(async () => {
    begun += 1;
    await new Promise(() => undefined);
  });
  await expect.poll(() => begun).toBe(1);
  const started = performance.now();
  await events[Symbol.asyncDispose]();
  expect(performance.now() - started).toBeLessThan(10_000);
  await using _other = listen(async () => undefined);
  // At least once: what is given back may reach the pull that has just been closed, and come twice.
  await expect
    .poll(() => [...new Set(handled)].toSorted(), { timeout: 20_000 })
    .toEqual(ids.toSorted());
}, 40_000);

it.each([0, -1, Number.NaN, Infinity, 2 ** 31])('refuses to wait %s ms', (handledWithin) => {
  expect(() => listen(async () => undefined, handledWithin)).toThrow(TypeError);
});
