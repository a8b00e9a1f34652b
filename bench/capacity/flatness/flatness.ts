/**
 * What grows with the number of sessions: an auth for each size, on a database of its own, all of which are asked the
 * same in turns. It is the database's own time that is compared, and how many pages a statement goes through, which no
 * other work on the machine changes.
 */
import postgres, { type Sql } from 'postgres';
import { shuffled } from '../../distribution.ts';
import { callerOf, type Caller } from '../calling.ts';
import type { Measurement } from '../measurement.ts';
import { startSubject, type Subject } from '../subject.ts';
import { accountOf, accountsFor, fillSessions } from './fill-sessions.ts';
import { timeOperations, type SizeTimes } from './operations.ts';
import { flatnessReport, flatnessTable, requireLookUps } from './report.ts';
import { requireStatementTimes } from './statement-times.ts';

/** Of each operation, in a round. */
const CALLS = 200;
const SMALLEST = 4;
const CONNECTIONS = 8;
const SHORT = { sizes: [1_000, 10_000], calls: 20 };

export const FLATNESS: Measurement = {
  name: 'flatness',
  about: "the database's own time for each operation, with 10^4 sessions and more",
  async run({ rounds, short, largest, progress }) {
    if (largest > 7) throw new RangeError('at most 10^7 sessions: --largest 7');
    const powers = Array.from({ length: largest - SMALLEST + 1 }, (_, more) => SMALLEST + more);
    const times = await measureFlatness({
      sizes: short ? SHORT.sizes : powers.map((power) => 10 ** power),
      calls: short ? SHORT.calls : CALLS,
      rounds: short ? 1 : rounds,
      progress,
    });
    const report = flatnessReport(times);
    requireLookUps(report);
    return { table: flatnessTable(report), figures: report };
  },
};

export interface FlatnessOptions {
  readonly sizes: readonly number[];
  readonly calls: number;
  readonly rounds: number;
  progress(line: string): void;
  /** Done to the database of each when it has been filled. */
  alter?(sql: Sql): Promise<unknown>;
}

/** @throws Error when PostgreSQL does not count statements, or for an answer that is no success */
export async function measureFlatness(options: FlatnessOptions): Promise<SizeTimes[]> {
  const { sizes, calls, rounds, progress } = options;
  const grounds = new Array<Ground>();
  try {
    for (const sessions of sizes) grounds.push(await prepare(sessions, options));
    const times = new Map(grounds.map((ground) => [ground, new Array<SizeTimes['rounds'][0]>()]));
    // The first round of each is not counted: what runs for the first time is compiled and fetched first.
    for (let round = 0; round <= rounds; round += 1) {
      for (const ground of shuffled(grounds)) {
        progress(`flatness: round ${round} of ${rounds}, ${ground.sessions} sessions`);
        const measured = await timeOperations(ground, ground.sql, someAccounts(ground, calls));
        if (round > 0) times.get(ground)?.push(measured);
      }
    }
    return Array.from(times, ([{ sessions }, all]) => ({ sessions, rounds: all }));
  } finally {
    for (const { sql, caller, subject } of grounds) {
      caller[Symbol.dispose]();
      await sql.end({ timeout: 5 });
      await subject[Symbol.asyncDispose]();
    }
  }
}

interface Ground {
  readonly sessions: number;
  readonly subject: Subject;
  readonly caller: Caller;
  readonly sql: Sql;
}

async function prepare(sessions: number, { progress, alter }: FlatnessOptions): Promise<Ground> {
  const name = `${sessions} sessions`;
  const subject = await startSubject({
    name,
    fill: async (databaseUrl) => {
      const sql = connect(databaseUrl);
      try {
        await requireStatementTimes(sql);
        await fillSessions(sql, sessions, (line) => progress(`${name}: ${line}`));
        await alter?.(sql);
      } finally {
        await sql.end({ timeout: 5 });
      }
    },
  });
  const caller = callerOf(subject.url, CONNECTIONS);
  return { sessions, subject, caller, sql: connect(subject.databaseUrl) };
}

const connect = (databaseUrl: string): Sql =>
  postgres(databaseUrl, { max: 1, onnotice: () => undefined });

/** Other ones each time, and none twice where there are enough. */
function someAccounts({ sessions }: Ground, count: number) {
  const accounts = accountsFor(sessions);
  const first = Math.floor(Math.random() * accounts);
  const step = Math.max(1, Math.floor(accounts / count));
  return Array.from({ length: count }, (_, n) => accountOf(1 + ((first + n * step) % accounts)));
}
