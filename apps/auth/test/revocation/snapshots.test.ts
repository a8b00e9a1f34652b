/** What is given to verifiers that start, and when there is nothing to give. */
import { newId, Refusal, type EpochId, type EventId } from '@portcullis/contracts';
import { readSnapshot, type RevocationEntry } from '@portcullis/snapshot';
import { systemClock, type Clock } from '@portcullis/verify';
import { Ledger, mergeSnapshot } from '@portcullis/verify/revocation';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Snapshots, type SnapshotSource } from '../../src/revocation/snapshots.ts';

const PAGE = 3;
const NOW = 1_800_000_000_000;
const HOUR_MS = 3_600_000;

/** A log whose every page waits to be let through. */
class Log implements SnapshotSource {
  epoch: EpochId = newId('epo');
  rows: RevocationEntry[] = [];
  issuerTime = NOW;
  looks = 0;
  reads = 0;
  readonly #waiting: (() => void)[] = [];
  readonly #ids = new Map<RevocationEntry, EventId>();

  add(count: number): void {
    for (let i = 0; i < count; i += 1) {
      this.rows.push({ kind: 'session', key: newId('ses'), expires_at: NOW + HOUR_MS });
    }
  }

  async head(followed: number) {
    const { epoch, issuerTime, rows } = this;
    const event = this.#at(followed);
    this.looks += 1;
    return await Promise.resolve({ epoch, issuerTime, position: rows.length, event });
  }

  async entries(after: number, upTo: number) {
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.reads += 1;
    const entries = this.rows.slice(after, after + PAGE);
    const position = entries.length < PAGE ? upTo : after + entries.length;
    return { entries, position, event: this.#at(position) };
  }

  #at(position: number): EventId | null {
    const row = this.rows[position - 1];
    if (row === undefined) return null;
    const id = this.#ids.get(row) ?? newId('evt');
    this.#ids.set(row, id);
    return id;
  }

  async letThrough(pages: number): Promise<void> {
    for (let page = 0; page < pages; page += 1) {
      await vi.waitUntil(() => this.#waiting.length > 0);
      this.#waiting.shift()?.();
    }
  }
}

let log: Log;
let snapshots: Snapshots;
/** Has the log looked at again. */
let again: () => void;
let failures: unknown[];

beforeEach(() => {
  log = new Log();
  failures = [];
});

afterEach(async () => {
  await snapshots[Symbol.asyncDispose]();
  expect(failures).toEqual([]);
});

function follow(): void {
  const clock: Pick<Clock, 'after'> = {
    after: (_, act) => {
      again = act;
      return systemClock.after(0, () => undefined);
    },
  };
  snapshots = new Snapshots({ source: log, clock, failed: (error) => failures.push(error) });
}

async function taken(): Promise<ReturnType<typeof readSnapshot>> {
  return readSnapshot(Buffer.concat(await snapshots.take()));
}

async function untilPosition(position: number): Promise<void> {
  await vi.waitFor(async () => expect(await taken()).toMatchObject({ position, epoch: log.epoch }));
}

async function nothingYet(): Promise<void> {
  await expect(snapshots.take()).rejects.toThrow(
    expect.objectContaining({ code: 'unavailable', status: 503, retryAfter: 1 }),
  );
  await expect(snapshots.take()).rejects.toThrow(Refusal);
}

it('refuses at once while the log is being read, and has all of it then', async () => {
  log.add(2 * PAGE + 1);
  follow();
  await nothingYet();
  await log.letThrough(2);
  await vi.waitUntil(() => log.reads === 2);
  await nothingYet();
  await log.letThrough(1);
  await untilPosition(log.rows.length);
  const ledger = new Ledger();
  mergeSnapshot(ledger, Buffer.concat(await snapshots.take()));
  expect(ledger.size).toBe(log.rows.length);
});

it('is given without reading the log again, the same bytes until there is news', async () => {
  log.add(1);
  follow();
  await log.letThrough(1);
  await untilPosition(1);
  log.add(PAGE + 1);
  expect((await taken()).position).toBe(1);
  expect(await snapshots.take()).toBe(await snapshots.take());
  again();
  await log.letThrough(1);
  // Part of the way is a place too: everything up to there is in it.
  await untilPosition(1 + PAGE);
  expect((await taken()).entries).toBe(1 + PAGE);
  await log.letThrough(1);
  await untilPosition(2 + PAGE);
  expect((await taken()).entries).toBe(2 + PAGE);
});

it('is none again when the log turns out to be another one', async () => {
  log.add(1);
  follow();
  await log.letThrough(1);
  await untilPosition(1);
  log.epoch = newId('epo');
  log.rows = [];
  log.add(2);
  again();
  await vi.waitFor(nothingYet);
  await log.letThrough(1);
  await untilPosition(2);
  expect((await taken()).entries).toBe(2);
});

it('is none of a history that was lost: a log that has gone back is read from its beginning', async () => {
  log.add(PAGE - 1);
  follow();
  await log.letThrough(1);
  await untilPosition(PAGE - 1);
  log.rows = [];
  log.add(1);
  again();
  await vi.waitFor(nothingYet);
  await log.letThrough(1);
  await untilPosition(1);
  expect((await taken()).entries).toBe(1);
});

it('gives no snapshot of a log that has gone back, nor when it has come further, before that was followed', async () => {
  log.add(2);
  follow();
  await log.letThrough(1);
  await untilPosition(2);
  log.rows = [];
  log.add(1);
  await nothingYet();
  log.add(2);
  await nothingYet();
  again();
  await log.letThrough(1);
  await untilPosition(3);
});

it('shares the look at the log among those that ask while another is under way', async () => {
  log.add(1);
  follow();
  await log.letThrough(1);
  await untilPosition(1);
  const before = log.looks;
  await Promise.all(Array.from({ length: 50 }, async () => await snapshots.take()));
  expect(log.looks - before).toBe(2);
});

it('gives no snapshot of a log that has gone back and come further before it was looked at', async () => {
  log.add(1);
  follow();
  await log.letThrough(1);
  await untilPosition(1);
  log.rows = [];
  log.add(2);
  again();
  await vi.waitFor(nothingYet);
  await log.letThrough(1);
  await untilPosition(2);
  expect((await taken()).entries).toBe(2);
});
