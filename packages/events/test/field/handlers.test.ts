/** Faults of handlers: slow ones, and one that never comes to an end. */
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { subjectsOf } from '@portcullis/bus';
import { newId } from '@portcullis/contracts';
import { createTestBed, type TestBed } from '@portcullis/testbed';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { subscribeToEvents } from '../../src/index.ts';

let bed: TestBed;
let connection: NatsConnection;

beforeEach(async () => {
  bed = await createTestBed();
  const { host, username, password } = new URL(bed.natsUrl);
  connection = await connect({
    servers: host,
    ...(username !== '' && { user: username, pass: decodeURIComponent(password) }),
  });
  const subjects = subjectsOf(bed.prefix);
  const { streams } = await jetstreamManager(connection);
  await streams.add({ name: subjects.accountStream, subjects: [subjects.accounts] });
});
afterEach(async () => {
  await connection.close();
  await bed.dispose();
});

const listen = (handle: (id: string) => Promise<void>) =>
  subscribeToEvents({
    connection,
    prefix: bed.prefix,
    durable: 'billing',
    makeConsumers: true,
    // One event of each stream is enough here; the types of this package want all of them.
    handlers: { enabled: async ({ id }: { id: string }) => await handle(id) } as never,
    ignored: ['revocations'] as never,
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
    await jetstream(connection).publish(
      subjectsOf(bed.prefix).account('enabled'),
      JSON.stringify(event),
    );
  }
  return ids;
}

it('E3: instances share the work of slow handlers, and do none of it twice', async () => {
  const ids = await publish(60);
  const [first, second]: [string[], string[]] = [[], []];
  const slowly = (own: string[]) => async (id: string) => {
    await sleep(50);
    own.push(id);
  };
  await using one = listen(slowly(first));
  await expect.poll(() => first.length, { timeout: 10_000 }).toBeGreaterThan(0);
  await using other = listen(slowly(second));
  await expect.poll(() => first.length + second.length, { timeout: 20_000 }).toBe(ids.length);
  expect(second.length).toBeGreaterThan(ids.length / 6);
  expect(new Set([...first, ...second]).size).toBe(ids.length);
  expect([one, other].map((events) => events.stats().failed)).toEqual([0, 0]);
});

it('E4: a handler that never comes to an end holds no other event up', async () => {
  const handled: string[] = [];
  const [stuck, ...others] = await publish(6);
  const events = listen(async (id) => {
    if (id === stuck) await new Promise(() => undefined);
    handled.push(id);
  });
  await expect.poll(() => handled.toSorted(), { timeout: 10_000 }).toEqual(others.toSorted());
  void events[Symbol.asyncDispose]();
});
