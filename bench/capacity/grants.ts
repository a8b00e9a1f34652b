/** What verifiers take of auth while nothing is revoked: each asks for a grant three times in S. */
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { z } from 'zod';
import { aligned, show } from '../table.ts';
import { addFleet } from './fleet.ts';
import { requireStatementTimes } from './flatness/statement-times.ts';
import type { Measurement } from './measurement.ts';
import { processorMs } from './processor-time.ts';
import { spread, spreadOf, type Spread } from './report.ts';
import { startSubject } from './subject.ts';

const FLEET = { verifiers: 100, processes: 2 };
const WINDOW_MS = 20_000;
/** A verifier that has just started asks more often. */
const SETTLE_MS = 10_000;
const SHORT = { share: 0.04, windowMs: 3_000 };
const counted = z.object({ grants: z.number(), databaseMs: z.number() });

interface GrantsReport {
  readonly verifiers: number;
  readonly grantsPerSecond: Spread;
  /** Of auth's processor, while no verifier asks: milliseconds a second. */
  readonly idleMs: Spread;
  /** Of the same for each grant, beyond that. */
  readonly processorMs: Spread;
  /** The database's own time for each grant, beyond what it takes while no verifier asks. */
  readonly databaseMs: Spread;
}

export const GRANTS: Measurement = {
  name: 'grants',
  about: `${FLEET.verifiers} verifiers that are revoked nothing: auth's processor for each grant`,
  async run({ rounds, short, progress }) {
    const windowMs = short ? SHORT.windowMs : WINDOW_MS;
    await using subject = await startSubject({ name: 'ours' });
    const sql = postgres(subject.databaseUrl, { max: 1 });
    try {
      await requireStatementTimes(sql);
      const look = async () => {
        const [row] = await sql`
          select (select coalesce(sum(renewals), 0)::float8 from verifiers) as grants,
            (select sum(total_exec_time) from pg_stat_statements where dbid =
              (select oid from pg_database where datname = current_database())) as "databaseMs"`;
        const at = performance.now();
        return { at, used: processorMs(subject.pid), ...counted.parse(row) };
      };
      const windows = async (what: string) => {
        const found = [];
        for (let round = 1; round <= (short ? 1 : rounds); round += 1) {
          progress(`grants: ${what}, ${round} of ${short ? 1 : rounds}`);
          const before = await look();
          await sleep(windowMs);
          const after = await look();
          const seconds = (after.at - before.at) / 1_000;
          const each = (of: 'used' | 'grants' | 'databaseMs') => (after[of] - before[of]) / seconds;
          found.push({
            grants: each('grants'),
            used: each('used'),
            databaseMs: each('databaseMs'),
          });
        }
        return found;
      };
      const idle = await windows('none asks');
      await addFleet(subject, 'grants', FLEET, short ? SHORT.share : 1);
      if (!short) await sleep(SETTLE_MS);
      const asked = await windows('all ask');
      const idleMs = spreadOf(idle.map(({ used }) => used));
      const idleDatabase = spreadOf(idle.map(({ databaseMs }) => databaseMs)).median;
      const report: GrantsReport = {
        verifiers: subject.verifiers,
        grantsPerSecond: spreadOf(asked.map(({ grants }) => grants)),
        idleMs,
        processorMs: spreadOf(asked.map(({ used, grants }) => (used - idleMs.median) / grants)),
        databaseMs: spreadOf(
          asked.map(({ databaseMs, grants }) => (databaseMs - idleDatabase) / grants),
        ),
      };
      return { table: tableOf(report), figures: report };
    } finally {
      await sql.end({ timeout: 5 });
    }
  },
};

function tableOf({ verifiers, grantsPerSecond, idleMs, ...each }: GrantsReport): string {
  return aligned([
    ['verifiers', 'grants a second', "auth's processor, of each", 'the database, of each', 'idle'],
    [
      String(verifiers),
      spread(grantsPerSecond),
      `${spread(each.processorMs)} ms`,
      `${spread(each.databaseMs)} ms`,
      `${show(idleMs.median)} ms a second of auth's processor`,
    ],
  ]);
}
