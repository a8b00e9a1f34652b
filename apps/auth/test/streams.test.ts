/** Streams and consumers that another release, or an operator, has made otherwise. */
import { AckPolicy, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connect, nanos, type NatsConnection } from '@nats-io/transport-node';
import { subjectsOf, type Durable } from '@portcullis/bus';
import { startPrivateNats, type PrivateNats } from '@portcullis/testbed';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readable, type Difference } from '../src/nats/stream-settings.ts';
import { ensureStreams } from '../src/nats/streams.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;
const subjects = subjectsOf('streams-test');
const { accountStream, auditStream, revocationStream } = subjects;
const BILLING: readonly Durable[] = [{ service: 'billing', stream: 'accounts' }];

let nats: PrivateNats;
let connection: NatsConnection;
let manager: JetStreamManager;
let told: { changed: unknown[]; differs: unknown[]; failed: string[] };

beforeAll(async () => {
  nats = await startPrivateNats();
  connection = await connect({ servers: new URL(nats.url).host });
  manager = await jetstreamManager(connection);
});

afterAll(async () => {
  await connection.close();
  await nats[Symbol.asyncDispose]();
});

beforeEach(async () => {
  for (const name of [accountStream, auditStream, revocationStream]) {
    await manager.streams.delete(name).catch(() => undefined);
  }
  await look();
  expect(told).toEqual({ changed: [], differs: [], failed: [] });
});

async function look(): Promise<void> {
  const tell = (list: unknown[]) => (what: string, differences: readonly Difference[]) => {
    list.push([what, ...differences.map(readable)]);
  };
  const here: typeof told = { changed: [], differs: [], failed: [] };
  await ensureStreams(connection, subjects, BILLING, 2_000, {
    changed: tell(here.changed),
    differs: tell(here.differs),
    failed: (error, what) => void here.failed.push(`${what}: ${String(error)}`),
  });
  told = here;
}

async function consumers(): Promise<string[]> {
  const found: string[] = [];
  for await (const { name } of manager.consumers.list(accountStream)) found.push(name);
  return found.toSorted();
}

describe('streams and consumers with other settings', () => {
  it('changes nothing where all is as this release wants it', async () => {
    await look();
    expect(told).toEqual({ changed: [], differs: [], failed: [] });
  });

  it('makes what is missing beside a stream that keeps events for longer, and leaves that alone', async () => {
    await manager.streams.update(revocationStream, { max_age: nanos(30 * DAY_MS) });
    await manager.streams.delete(accountStream);
    await look();
    const age = { setting: 'max_age', has: `${30 * DAY_MS} ms`, wanted: `${14 * DAY_MS} ms` };
    const differs = [[`stream ${revocationStream}`, age]];
    expect(told).toEqual({ changed: [], differs, failed: [] });
    expect(await consumers()).toEqual(['billing', 'user']);
    const { config } = await manager.streams.info(revocationStream);
    expect(config.max_age).toBe(nanos(30 * DAY_MS));
  });

  it('has events kept for longer where a former release kept them for less', async () => {
    await manager.streams.update(accountStream, {
      max_age: nanos(DAY_MS),
      duplicate_window: nanos(1_000),
    });
    await look();
    expect(told).toMatchObject({ differs: [], failed: [] });
    expect(told.changed).toEqual([
      [
        `stream ${accountStream}`,
        { setting: 'max_age', has: `${DAY_MS} ms`, wanted: `${14 * DAY_MS} ms` },
        { setting: 'duplicate_window', has: '1000 ms', wanted: '120000 ms' },
      ],
    ]);
    await look();
    expect(told).toEqual({ changed: [], differs: [], failed: [] });
  });

  it('brings a consumer to the settings of this release, and makes the one after it', async () => {
    await manager.consumers.update(accountStream, 'user', {
      ack_wait: nanos(90_000),
      max_ack_pending: 7,
    });
    await manager.consumers.delete(accountStream, 'billing');
    await look();
    expect(told).toMatchObject({ differs: [], failed: [] });
    expect(told.changed).toEqual([
      [
        `consumer user of ${accountStream}`,
        { setting: 'ack_wait', has: '90000 ms', wanted: '30000 ms' },
        { setting: 'max_ack_pending', has: 7, wanted: 256 },
      ],
    ]);
    expect(await consumers()).toEqual(['billing', 'user']);
    const { config } = await manager.consumers.info(accountStream, 'user');
    expect(config).toMatchObject({ ack_wait: nanos(30_000), max_ack_pending: 256 });
  });

  it('reports what NATS cannot change of a consumer, and makes the one after it', async () => {
    for (const name of ['user', 'billing']) await manager.consumers.delete(accountStream, name);
    await manager.consumers.add(accountStream, {
      durable_name: 'user',
      ack_policy: AckPolicy.All,
      filter_subject: subjects.accounts,
      max_ack_pending: 256,
      ack_wait: nanos(30_000),
    });
    await look();
    const policy = { setting: 'ack_policy', has: 'all', wanted: 'explicit' };
    const differs = [[`consumer user of ${accountStream}`, policy]];
    expect(told).toEqual({ changed: [], differs, failed: [] });
    expect(await consumers()).toEqual(['billing', 'user']);
  });

  it('reports an audit stream that keeps fewer heads, and does not touch it', async () => {
    await manager.streams.update(auditStream, { max_msgs: 1_000, duplicate_window: nanos(1_000) });
    await look();
    expect(told).toMatchObject({ changed: [], failed: [] });
    expect(told.differs).toMatchObject([
      [`stream ${auditStream}`, { setting: 'max_msgs' }, { setting: 'duplicate_window' }],
    ]);
  });

  it('names a stream that cannot be made, and makes the others', async () => {
    await manager.streams.delete(revocationStream);
    await manager.streams.delete(accountStream);
    // Holds the subject that the other needs.
    await manager.streams.add({ name: 'IN_THE_WAY', subjects: [subjects.revocations] });
    try {
      await look();
      expect(told.failed).toHaveLength(1);
      expect(told.failed[0]).toMatch(
        new RegExp(`^making the stream ${revocationStream}: .*overlap`),
      );
      expect(await consumers()).toEqual(['billing', 'user']);
    } finally {
      await manager.streams.delete('IN_THE_WAY');
    }
  });
});
