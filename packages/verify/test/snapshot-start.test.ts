/** A start far behind the log: everything in one piece, and fresh only by a grant. */
import { newId, type EpochId, type GrantRequest } from '@portcullis/contracts';
import { encodeSnapshot } from '@portcullis/snapshot';
import { MemoryRevocations } from '@portcullis/testkit';
import { beforeEach, expect, it } from 'vitest';
import type { RevocationFeed } from '../src/revocation/feed.ts';
import { Ledger } from '../src/revocation/ledger.ts';
import { mergeCooperatively } from '../src/revocation/merge-snapshot.ts';
import { Replica } from '../src/revocation/replica.ts';
import type { MergeSnapshot } from '../src/revocation/replica-options.ts';
import { SimulatedClock } from './simulated-clock.ts';

const BEHIND = 2_500;
let clock: SimulatedClock;
let log: MemoryRevocations;
let ledger: Ledger;
let asked: GrantRequest[];
/** What was asked for, in order. */
let steps: string[];
let states: string[];
/** How long an answer to a question for a grant takes. */
let answerMs: number;

beforeEach(() => {
  clock = new SimulatedClock();
  log = new MemoryRevocations(() => Math.floor(clock.wall()));
  for (let i = 0; i < BEHIND; i += 1) log.revoke({ kind: 'session', key: newId('ses') });
  ledger = new Ledger();
  asked = [];
  steps = [];
  states = [];
  answerMs = 0;
});

async function later(milliseconds: number): Promise<void> {
  await new Promise<void>((resolve) => clock.after(milliseconds, resolve));
}

type Snapshot = (epoch: EpochId) => Promise<Uint8Array>;

const everything: Snapshot = async (epoch) =>
  Buffer.concat([...encodeSnapshot({ epoch, position: log.log.length }, log.log)]);

/** @param merge given, since a simulated clock waits for no file */
async function start(
  snapshot: Snapshot | undefined,
  merge: MergeSnapshot = mergeCooperatively,
): Promise<Replica> {
  const feed = log.feed();
  const watched: RevocationFeed = {
    ...feed,
    async request(request, timeoutMs) {
      asked.push(request);
      steps.push('grant');
      const bytes = await feed.request(request, timeoutMs);
      if (answerMs > 0) await later(answerMs);
      return bytes;
    },
    ...(snapshot === undefined
      ? {}
      : {
          snapshot: async () => {
            steps.push(`snapshot while ${replica.state}`);
            return await snapshot(log.epoch);
          },
        }),
  };
  const replica = new Replica({
    service: 'test',
    policy: 'reject',
    feed: watched,
    ledger,
    clock,
    merge,
    onTransition: (to) => states.push(to),
  });
  await replica.start();
  await clock.pass(100);
  return replica;
}

it('takes everything in one piece, asked for at once, and then a grant makes it fresh', async () => {
  const replica = await start(everything);
  expect(steps).toEqual(['snapshot while SYNCING', 'grant', 'grant']);
  expect(asked[1]?.position).toBe(BEHIND);
  expect(states).toEqual(['LIVE']);
  expect(ledger.size).toBe(BEHIND);
  expect(replica.stats.position).toBe(BEHIND);
});

it('goes on bit by bit when there is none, or none to be had', async () => {
  const failing: Snapshot[] = [
    async () => await Promise.reject(new Error('away')),
    async () => new Uint8Array(100),
    async (epoch) => (await everything(epoch)).subarray(0, -1),
  ];
  for (const snapshot of [undefined, ...failing]) {
    ledger = new Ledger();
    states = [];
    steps = [];
    await start(snapshot);
    expect(states).toEqual(['LIVE']);
    expect(ledger.size).toBe(BEHIND);
    expect(steps.filter((step) => step !== 'grant').length).toBeLessThanOrEqual(1);
  }
});

it('goes on bit by bit while it does not come', async () => {
  const replica = await start(async () => await new Promise<Uint8Array>(() => {}));
  expect(states).toEqual([]);
  await clock.pass(1_500);
  expect(replica.state).toBe('LIVE');
  expect(ledger.size).toBe(BEHIND);
  expect(steps.filter((step) => step !== 'grant')).toHaveLength(1);
});

it('takes one that comes late while it is still behind', async () => {
  // So that the whole log takes longer than the snapshot.
  answerMs = 400;
  await start(async (epoch) => {
    await later(1_200);
    return await everything(epoch);
  });
  await clock.pass(3_000);
  expect(asked.map(({ position }) => position)).toEqual([0, 1_000, BEHIND]);
  expect(states).toEqual(['LIVE']);
  expect(ledger.size).toBe(BEHIND);
});

it('does not believe the position of another log', async () => {
  const other: Snapshot = async () =>
    Buffer.concat([...encodeSnapshot({ epoch: newId('epo'), position: BEHIND }, [])]);
  await start(other);
  expect(asked[1]?.position).toBeLessThan(BEHIND);
  expect(ledger.size).toBe(BEHIND);
  expect(states).toEqual(['LIVE']);
});

it('stays as it is while fresh, and renews instead', async () => {
  const replica = await start(everything);
  log.pushes = false;
  for (let i = 0; i < BEHIND; i += 1) log.revoke({ kind: 'session', key: newId('ses') });
  await clock.pass(6_000);
  expect(replica.state).toBe('LIVE');
  expect(ledger.size).toBe(2 * BEHIND);
  expect(steps.filter((step) => step !== 'grant')).toHaveLength(1);
});

it('does not believe the position of a history that was lost, under the same epoch', async () => {
  const lost = await everything(log.epoch);
  log.goBack(10);
  for (let i = 0; i < BEHIND; i += 1) log.revoke({ kind: 'session', key: newId('ses') });
  const { length } = log.log;
  const replica = await start(async () => await Promise.resolve(lost));
  expect(states).toEqual(['LIVE']);
  expect(replica.stats.position).toBe(length);
  expect(ledger.size).toBe(BEHIND - 10 + length);
  // It is not taken again and again.
  expect(steps.filter((step) => step !== 'grant')).toHaveLength(1);
});

it('does not believe it either where the same is revoked again at that position, after the snapshot was here', async () => {
  answerMs = 400;
  const last = log.log[BEHIND - 1];
  if (last?.kind !== 'session') throw new Error('a session');
  const { key, expires_at } = last;
  log.pushes = false;
  clock.after(50, () => {
    log.goBack(10);
    while (log.log.length < BEHIND - 1) log.revoke({ kind: 'session', key: newId('ses') });
    log.revoke({ kind: 'session', key, expires_at });
  });
  const replica = await start(everything);
  await clock.pass(4_000);
  expect(replica.state).toBe('LIVE');
  expect(replica.stats.position).toBe(BEHIND);
  // Those of both histories, and what stands in both once.
  expect(ledger.size).toBe(BEHIND + (BEHIND - 10) - 1);
});
