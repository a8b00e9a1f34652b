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
  await using stage = await createStage();
  await fillLog(stage.bed.databaseUrls.auth, entries);
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
  for (let n = 0; n < STARTS; n += 1) {
    starts.push(await start('snapshot'));
    if (n < REPLAYS) replays.push(await start('replay'));
  }
  printStarts({ entries, reading, starts, replays });
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

interface Measured {
  entries: number;
  /** Seconds in which auth itself read the log. */
  reading: number;
  starts: readonly ColdStart[];
  replays: readonly ColdStart[];
}

function printStarts({ entries, reading, starts, replays }: Measured): void {
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

/** Sessions that have ended, as a log that has seen so many within one life of a token holds them. */
async function fillLog(databaseUrl: string, entries: number): Promise<void> {
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
  try {
    // Ids made in the database, quickly: hexadecimal digits are Crockford's too.
    await sql`
      insert into revocation_log
        (id, position, kind, key, reason, expires_at, actor_kind, actor_id, request_id, published_at)
      select 'evt_0' || substr(md5('e' || n), 1, 25), n, 'session', 'ses_0' || substr(md5('s' || n), 1, 25),
        'logout', clock_timestamp() + interval '1 hour', 'system', 'bench', 'req_bench', clock_timestamp()
      from generate_series(1, ${entries}::int) n`;
    await sql`update log_head set position = ${entries}`;
    await sql`vacuum analyze revocation_log`;
  } finally {
    await sql.end();
  }
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
