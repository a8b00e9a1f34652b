/** Jobs: mails that wait, from Postgres by way of a queue; and maintenance, done again and again. */
import type { Disposal } from '@portcullis/service';
import { systemClock } from '@portcullis/verify';
import type { Parts } from './compose-parts.ts';
import type { AuthConfig } from './config.ts';
import { SCHEDULED_JOBS } from './jobs/catalogue.ts';
import { openJobServer, type JobServer } from './jobs/job-server.ts';
import { lastSuccesses } from './jobs/last-successes.ts';
import type { MailQueue } from './jobs/mail-queue.ts';
import { startMaintenance } from './jobs/maintenance.ts';
import { rotateAtStart, rotateWhenDue } from './keys/scheduled-rotation.ts';
import type { WithChange } from './change/unit-of-work.ts';

export function composeJobServer(
  config: AuthConfig,
  owned: Disposal,
  { logger }: Parts,
): JobServer {
  const { redisUrl } = config.secrets;
  return owned.use(openJobServer({ redisUrl, prefix: config.prefix, logger }));
}

export interface MaintenanceParts {
  jobServer: JobServer;
  mailQueue: MailQueue;
  withChange: WithChange;
}

/** @returns once the key has been rotated, if that was due */
export async function composeMaintenance(
  config: AuthConfig,
  owned: Disposal,
  parts: Parts,
  { jobServer, mailQueue, withChange }: MaintenanceParts,
): Promise<void> {
  const { database, keyFactory, logger, outages, metrics } = parts;
  const rotation = { database, withChange, keyFactory, days: config.signing.rotationDays };
  await rotateAtStart(rotation);
  owned.use(
    startMaintenance({
      server: jobServer,
      jobs: SCHEDULED_JOBS,
      database,
      parts: {
        putMissingMails: async (on) => await mailQueue.jobs.putMissing(on),
        rotateKeyWhenDue: async () => await rotateWhenDue(rotation),
      },
      clock: systemClock,
      logger,
      outages,
    }),
  );
  metrics.jobs(SCHEDULED_JOBS, async (names) => await lastSuccesses(database, names));
}
