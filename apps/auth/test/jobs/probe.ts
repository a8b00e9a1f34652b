/** An instance's part in a job that writes down when it was done, over real servers. */
import { createLogger, Outages } from '@portcullis/service';
import { systemClock } from '@portcullis/verify';
import { sql } from 'drizzle-orm';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Sql } from 'postgres';
import { z } from 'zod';
import { connectPostgres } from '../../src/database/database.ts';
import { openJobServer } from '../../src/jobs/job-server.ts';
import { startMaintenance } from '../../src/jobs/maintenance.ts';

export interface ProbeOptions {
  databaseUrl: string;
  redisUrl: string;
  prefix: string;
  /** Which instance it is. */
  runner: string;
  job: string;
  periodSeconds: number;
  /** How long its work takes. */
  workMs: number;
}

/** In `probe_begun` at once, in `probe_done` with the transaction of the step. */
export async function createProbeTables(on: Sql): Promise<void> {
  await on`create table probe_begun (job text, runner text, at timestamptz default clock_timestamp())`;
  await on`create table probe_done
    (job text, runner text, begun timestamptz, ended timestamptz default clock_timestamp())`;
}

export function startProbe(options: ProbeOptions): AsyncDisposable {
  const { runner, job, periodSeconds, workMs, redisUrl, prefix } = options;
  const logger = createLogger({ service: 'auth', level: 'silent' });
  const postgres = connectPostgres(options.databaseUrl, `probe-${runner}`, 6);
  const server = openJobServer({ redisUrl, prefix, logger });
  const maintenance = startMaintenance({
    server,
    jobs: {
      [job]: {
        schema: z.strictObject({}),
        periodSeconds,
        timeoutSeconds: 60,
        whileRedisIsAway: 'not done',
        async step(tx) {
          const begun = await postgres.database.execute(
            sql`insert into probe_begun (job, runner) values (${job}, ${runner}) returning at::text`,
          );
          await sleep(workMs);
          await tx.execute(sql`insert into probe_done (job, runner, begun)
            values (${job}, ${runner}, ${String(begun[0]?.['at'])}::timestamptz)`);
          return 'done';
        },
      },
    },
    database: postgres.database,
    parts: { putMissingMails: async () => undefined, rotateKeyWhenDue: async () => undefined },
    clock: systemClock,
    logger,
    outages: new Outages({ logger, needed: 'postgres' }),
  });
  return {
    async [Symbol.asyncDispose]() {
      await maintenance[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      await postgres[Symbol.asyncDispose]();
    },
  };
}
