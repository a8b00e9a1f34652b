/**
 * Does the work of a job, if it is due.
 *
 * Invariant: a step is taken only in a transaction that holds the advisory lock of the job, and in which
 * Postgres has said since that the job is due. Its effect commits with that transaction. So however many
 * ask at once, and however late a process goes on that was stopped, no two steps of a job are taken at the
 * same time, and work that is done is not done again: a process that was stopped has lost its transaction
 * (`idle_in_transaction_session_timeout`), and with it the lock and what the step had changed.
 *
 * A job is due when it was last done more than half a period ago, by the clock of Postgres. Half, because
 * the queue's slots and the work shift against each other.
 */
import { sql } from 'drizzle-orm';
import * as z from 'zod';
import type { Database, Transaction } from '../database/database.ts';
import { jobs } from '../database/schema/index.ts';
import type { JobParts, ScheduledJob } from './scheduled-job.ts';

/** First key of the advisory locks of jobs; the second one is of the name. */
const JOBS_LOCK = 0x70_63_6a_62;

export type JobOutcome = 'done' | 'not due' | 'running elsewhere';

/** @throws Error when a step fails, or when not all is done within the timeout of the job */
export async function runJob(
  database: Database,
  name: string,
  job: ScheduledJob,
  parts: JobParts,
): Promise<JobOutcome> {
  const until = performance.now() + job.timeoutSeconds * 1_000;
  for (;;) {
    const left = Math.ceil(until - performance.now());
    if (left <= 0) throw new Error(`${name}: not done within ${job.timeoutSeconds} s`);
    const outcome = await database.transaction(async (tx) => {
      // Each in a statement of its own: what is asked under the lock is seen as its former holder left it.
      if (!(await isLocked(tx, name))) return 'running elsewhere';
      if (!(await isDue(tx, name, job.periodSeconds))) return 'not due';
      await tx.execute(sql`select set_config('statement_timeout', ${String(left)}, true)`);
      const done = await job.step(tx, parts);
      if (done === 'done') await recordSuccess(tx, name);
      return done;
    });
    if (outcome !== 'more') return outcome;
  }
}

async function isLocked(tx: Transaction, name: string): Promise<boolean> {
  const [row] = await tx.execute(
    sql`select pg_try_advisory_xact_lock(${JOBS_LOCK}::int4, hashtext(${name})) as yes`,
  );
  return z.object({ yes: z.boolean() }).parse(row).yes;
}

/** A success in the future is one of before the clock was put back: it says nothing. */
async function isDue(tx: Transaction, name: string, periodSeconds: number): Promise<boolean> {
  const [row] = await tx.execute(sql`
    select not exists (
      select 1 from ${jobs} where ${jobs.name} = ${name}
        and ${jobs.lastSuccessAt} > clock_timestamp() - make_interval(secs => ${periodSeconds / 2})
        and ${jobs.lastSuccessAt} <= clock_timestamp()) as yes`);
  return z.object({ yes: z.boolean() }).parse(row).yes;
}

async function recordSuccess(tx: Transaction, name: string): Promise<void> {
  const lastSuccessAt = sql`clock_timestamp()`;
  await tx
    .insert(jobs)
    .values({ name, lastSuccessAt })
    .onConflictDoUpdate({ target: jobs.name, set: { lastSuccessAt } });
}
