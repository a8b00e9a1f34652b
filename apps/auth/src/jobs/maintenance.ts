/** Jobs that are done again and again, by whichever instance gets them from the queue. */
import type { Clock } from '@portcullis/verify';
import { BoundedLines, type Logger, type Outages } from '@portcullis/service';
import type { Job } from 'bullmq';
import type { Database } from '../database/database.ts';
import { repeat } from '../timing/repeat.ts';
import type { JobServer } from './job-server.ts';
import { lastSuccesses } from './last-successes.ts';
import { openQueue } from './open-queue.ts';
import { runJob } from './run-job.ts';
import type { JobParts, ScheduledJob } from './scheduled-job.ts';
import { Schedules } from './schedules.ts';

const NAME = 'maintenance';
const LOOK_MS = 2_000;

export interface MaintenanceOptions {
  server: JobServer;
  jobs: Readonly<Record<string, ScheduledJob>>;
  database: Database;
  parts: JobParts;
  clock: Clock;
  logger: Logger;
  outages: Outages;
}

export function startMaintenance(options: MaintenanceOptions): AsyncDisposable {
  const { server, database, clock, logger, outages } = options;
  const jobs = new Map(Object.entries(options.jobs));
  const failed = (error: unknown, what: string): void => {
    if (!outages.noted(error, what)) server.failed(error);
  };
  const unknownJobs = new BoundedLines(logger, 'a job that this release does not know');
  const { queue, close } = openQueue({
    server,
    name: NAME,
    // One that takes long keeps no other from being done.
    concurrency: jobs.size,
    async work({ name, data }: Job) {
      const job = jobs.get(name);
      if (job?.schema.safeParse(data).success !== true)
        return unknownJobs.note('job', { queue: NAME });
      await runJob(database, name, job, options.parts);
    },
    jobFailed: (job, error) => failed(error, `the job ${String(job?.name)}`),
  });
  const schedules = new Schedules({
    queue,
    redis: server.asking,
    jobs: options.jobs,
    lastSuccesses: async (names) => await lastSuccesses(database, names),
    now: () => clock.monotonic(),
    overdue: (names) =>
      logger.warn({ queue: NAME, jobs: names }, 'jobs overdue; their queue is set anew'),
  });
  const set = (): void => void schedules.set().catch(server.failed);
  server.asking.on('ready', set);
  if (server.asking.status === 'ready') set();
  const stopLooking = repeat(
    clock,
    LOOK_MS,
    () => schedules.look(),
    (error) => failed(error, 'looking after schedules'),
  );
  return {
    async [Symbol.asyncDispose]() {
      server.asking.off('ready', set);
      await stopLooking();
      await close();
    },
  };
}
