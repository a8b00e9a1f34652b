/**
 * The queue of mails. It decides when a mail is looked at, and how often, and nothing else: what is to be
 * sent, whether, and its outcome stand in Postgres. Jobs that Redis loses are put in again from there.
 */
import type { MailId } from '@portcullis/contracts';
import type { Job } from 'bullmq';
import type { DeliverMail } from '../mail/deliver.ts';
import { MAIL_JOB } from './catalogue.ts';
import type { JobServer } from './job-server.ts';
import { MailJobs } from './mail-jobs.ts';
import { openQueue } from './open-queue.ts';

const NAME = 'mail';
/** Mails that one instance sends at once. */
const CONCURRENCY = 4;

export interface MailQueue extends AsyncDisposable {
  readonly jobs: Pick<MailJobs, 'putMissing'>;
  /** Right after the commit. Waits for nothing: what fails here is found by the sweep. */
  wake(ids: readonly MailId[]): void;
}

export function startMailQueue(server: JobServer, deliver: DeliverMail): MailQueue {
  const { asking, logger, failed } = server;
  const stopping = new AbortController();
  const { queue, close } = openQueue({
    server,
    name: NAME,
    concurrency: CONCURRENCY,
    work: async (job) => await work(job, deliver, stopping.signal),
    jobFailed: (job, error) =>
      logger.warn({ err: error, mail: job?.id, attempt: job?.attemptsMade }, 'mail not sent'),
  });
  const jobs = new MailJobs(queue, asking, () =>
    logger.warn({ queue: NAME }, 'no worker takes what waits in the queue; it is filled anew'),
  );
  return {
    jobs,
    wake(ids) {
      for (const id of ids) jobs.put(id).catch(failed);
    },
    async [Symbol.asyncDispose]() {
      stopping.abort(new Error('stopping'));
      await close();
    },
  };
}

async function work(job: Job, deliver: DeliverMail, signal: AbortSignal): Promise<void> {
  const { mail } = MAIL_JOB.schema.parse(job.data);
  const isLast = job.attemptsMade + 1 >= (job.opts.attempts ?? 1);
  await deliver(mail, { signal, isLast });
}
