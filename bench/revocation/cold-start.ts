/**
 * A verifier that starts with a million revocations in force: with the snapshot, and beside it with the
 * log row by row, as one that cannot have a snapshot starts.
 *
 * Timed in a process that has loaded its code and done nothing yet: from before it connects to the bus
 * until it accepts tokens.
 */
import {
  ensureMachineClient,
  startAuth,
  Worker,
  type AuthProcess,
  type MachineClientSpec,
} from '@portcullis/testbed';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import type { RunOptions } from '../benchmark.ts';
import { quantile } from '../distribution.ts';
import { tableOf } from '../table.ts';
import { coldStart, type ColdStart, type ColdStartSettings } from './cold-start-settings.ts';
import { fillLog } from './fill-log.ts';
import { createLoadUsers } from './load-users.ts';
import { createStage } from './stage.ts';

const ENTRIES = 1_000_000;
const STARTS = 9;
/** Each takes long, and says what it says. */
const REPLAYS = 1;
const TARGET_MS = 500;
const READING_MS = 300_000;

export async function benchColdStart({ short }: RunOptions): Promise<void> {
  const entries = short ? 50_000 : ENTRIES;
  printStarts(await measureColdStarts({ entries, starts: STARTS, replays: REPLAYS }));
}

export interface ColdStartOptions {
  /** Revocations in force. */
  readonly entries: number;
  readonly starts: number;
  /** Of the starts, so many are followed by one with the log row by row. */
  readonly replays: number;
}

/** @throws Error when a verifier did not have the whole log */
export async function measureColdStarts(options: ColdStartOptions): Promise<ColdStarts> {
  const { entries } = options;
  await using stage = await createStage();
  const sql = postgres(stage.bed.databaseUrls.auth, { max: 1, onnotice: () => undefined });
  await fillLog(sql, entries);
  await sql.end();
  const auth = await startAuth(stage.bed, { NATS_URL: stage.natsUrl, LOG_LEVEL: 'warn' });
  const client: MachineClientSpec = {
    id: 'cli_bench',
    name: 'bench',
    scope: 'revocations:read',
    secret: randomBytes(24).toString('base64url'),
  };
  await ensureMachineClient(auth, client);
  const reading = await untilSnapshot(auth, client);
  const users = await createLoadUsers(auth.url);
  const revokedToken = await users.logIn();
  await users.post('/v1/logout?wait=0', {}, revokedToken);

  const start = async (by: ColdStartSettings['by']): Promise<ColdStart> =>
    await startCold(entries, {
      issuer: auth.issuer,
      audience: 'urn:portcullis:user',
      service: 'bench',
      prefix: stage.bed.prefix,
      natsUrl: stage.natsUrl,
      client: { id: client.id, secret: client.secret },
      by,
      revokedToken,
    });
  const starts: ColdStart[] = [];
  const replays: ColdStart[] = [];
  for (let n = 0; n < options.starts; n += 1) {
    starts.push(await start('snapshot'));
    if (n < options.replays) replays.push(await start('replay'));
  }
  return { entries, reading, starts, replays };
}

/** One start in a process of its own. @throws Error when it did not have the whole log */
async function startCold(entries: number, settings: ColdStartSettings): Promise<ColdStart> {
  await using worker = await Worker.start({
    entry: 'bench/revocation/cold-start-process.ts',
    settings,
  });
  const started = coldStart.parse(await worker.ask('start'));
  if (started.entries <= entries || started.verdict !== 'invalid_token') {
    throw new Error(`started with ${started.entries} entries: ${started.verdict}`);
  }
  return started;
}

export interface ColdStarts {
  entries: number;
  /** Seconds in which auth itself read the log. */
  reading: number;
  starts: readonly ColdStart[];
  replays: readonly ColdStart[];
}

function printStarts({ entries, reading, starts, replays }: ColdStarts): void {
  const median = (of: (one: ColdStart) => number) => ({
    unit: 'ms',
    ours: quantile(starts.map(of), 0.5),
    theirs: [quantile(replays.map(of), 0.5)],
  });
  console.log(
    `\n  cold start of a verifier, ${entries.toLocaleString('en')} revocations in force, ` +
      `median of ${STARTS} and ${REPLAYS} (auth itself had read them after ${reading.toFixed(1)} s)`,
  );
  console.log(
    tableOf(
      ['snapshot', 'row by row'],
      [
        { name: 'until it accepts', ...median(({ ms }) => ms), target: { atMost: TARGET_MS } },
        { name: 'processor time', ...median(({ cpuMs }) => cpuMs) },
      ],
    ),
  );
  const fetched = quantile(
    starts.map(({ snapshotMs }) => snapshotMs),
    0.5,
  );
  const fastest = Math.min(...starts.map(({ ms }) => ms));
  console.log(
    `  of which waiting for the snapshot ${fetched.toFixed(0)} ms; ` +
      `the fastest start took ${fastest.toFixed(0)} ms`,
  );
}

/** @returns seconds until auth gave its first snapshot */
async function untilSnapshot({ url }: AuthProcess, client: MachineClientSpec): Promise<number> {
  const began = performance.now();
  const pair = Buffer.from(`${client.id}:${client.secret}`).toString('base64');
  while (performance.now() - began < READING_MS) {
    const headers = { authorization: `Basic ${pair}` };
    const response = await fetch(`${url}/v1/revocations/snapshot`, { headers });
    await response.body?.cancel();
    if (response.ok) return (performance.now() - began) / 1_000;
    await sleep(100);
  }
  throw new Error('auth had no snapshot after five minutes');
}
