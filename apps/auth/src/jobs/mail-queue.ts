/**
 * The queue of mails. It decides when a mail is tried, and nothing else: what is to be sent, and its
 * outcome, stand in Postgres. Jobs that Redis loses are put in again from there.
 */
import type { MailId } from '@portcullis/contracts';
import { BoundedLines, Outage, type Logger, type Outages } from '@portcullis/service';
import { systemClock } from '@portcullis/verify';
import { Queue, UnrecoverableError, Worker, type Job } from 'bullmq';
import { waitAtMost } from '../timing/wait-at-most.ts';
import { AttemptsExhausted, MAX_ATTEMPTS, type DeliverMail } from '../mail/deliver.ts';
import type { WaitingMails } from '../mail/waiting-mails.ts';
import { connectJobs } from '../redis/connect-jobs.ts';
import { isRedisAway } from '../redis/is-redis-away.ts';
import { warnOfEviction } from '../redis/warn-of-eviction.ts';
import { repeat } from '../timing/repeat.ts';
import { JOBS } from './catalogue.ts';
import { MailJobs } from './mail-jobs.ts';

const NAME = 'mail';
/** Mails that one instance sends at once. */
const CONCURRENCY = 4;
/** Milliseconds between two looks for mails that no job stands for. */
const SWEEP_MS = 2_000;
/** Milliseconds; then the job of a process that died is given to another, in two looks at most. */
const LOCK_MS = 10_000;
const STALLED_MS = 3_000;
/** Milliseconds. */
const ASK_TIMEOUT_MS = 5_000;
const CLOSE_TIMEOUT_MS = 5_000;

export interface MailQueueOptions {
  redisUrl: string;
  /** Before every key. */
  prefix: string;
  deliver: DeliverMail;
  waiting: WaitingMails;
  logger: Logger;
  outages: Outages;
}

export interface MailQueue extends AsyncDisposable {
  /** Right after the commit. Waits for nothing: what fails here is found by the sweep. */
  wake(ids: readonly MailId[]): void;
}

export function startMailQueue(options: MailQueueOptions): MailQueue {
  const { redisUrl, deliver, logger } = options;
  const prefix = `${options.prefix}:jobs`;
  const logThrottled = throttledLog(logger);
  const stopping = new AbortController();

  const asking = connectJobs(redisUrl, 'portcullis-auth-queue', { commandTimeout: ASK_TIMEOUT_MS });
  const working = connectJobs(redisUrl, 'portcullis-auth-worker');
  for (const connection of [asking, working]) connection.on('error', logThrottled);
  warnOfEviction(asking, logger);
  const queue = new Queue(NAME, { connection: asking, prefix, skipVersionCheck: true });
  const worker = new Worker(NAME, (job) => work(job, deliver, stopping.signal), {
    connection: working,
    prefix,
    skipVersionCheck: true,
    concurrency: CONCURRENCY,
    lockDuration: LOCK_MS,
    stalledInterval: STALLED_MS,
    maxStalledCount: MAX_ATTEMPTS,
  });
  queue.on('error', logThrottled);
  worker.on('error', logThrottled);
  worker.on('failed', (job, error) => {
    logger.warn({ err: error, mail: job?.id, attempt: job?.attemptsMade }, 'mail not sent');
  });

  const jobs = new MailJobs(queue, asking);
  const stopSweeping = repeat(systemClock, SWEEP_MS, () => sweep(jobs, options), logThrottled);

  return {
    wake(ids) {
      for (const id of ids) jobs.put(id).catch(logThrottled);
    },
    async [Symbol.asyncDispose]() {
      await stopSweeping();
      stopping.abort(new Error('stopping'));
      // What is being handed over just now is waited for, though not for ever; nor is Redis: a
      // connection that is between two attempts never says that it has ended.
      await waitAtMost(
        CLOSE_TIMEOUT_MS,
        Promise.all([worker.close(), queue.close()]).catch(logThrottled),
      );
      await waitAtMost(CLOSE_TIMEOUT_MS, worker.disconnect().catch(logThrottled));
      for (const connection of [asking, working]) connection.disconnect();
    },
  };
}

async function work(job: Job, deliver: DeliverMail, stopping: AbortSignal): Promise<void> {
  const { mail } = JOBS['send-mail'].parse(job.data);
  try {
    await deliver(mail, stopping);
  } catch (error) {
    if (error instanceof AttemptsExhausted) throw new UnrecoverableError(error.message);
    throw error;
  }
}

/** Puts in what waits in Postgres: Redis has lost it, or was unavailable when it was to be put in. */
async function sweep(
  jobs: MailJobs,
  { waiting, outages }: Pick<MailQueueOptions, 'waiting' | 'outages'>,
): Promise<void> {
  /** The mails themselves stand in Postgres. */
  const unread = (error: unknown): MailId[] => {
    outages.failed(error, 'looking for mails that wait');
    return [];
  };
  for (const id of jobs.canBePut ? await waiting.find().catch(unread) : []) await jobs.putAgain(id);
  await waiting.prune().catch(unread);
}

/** Logs errors of an unavailable Redis, or of one lost job. */
function throttledLog(logger: Logger): (error: unknown) => void {
  const redis = new Outage({ logger, part: 'redis', effect: 'mails deferred' });
  const jobs = new BoundedLines(logger, 'a job of a mail went wrong; the mail is put in again');
  return (error) => {
    if (isRedisAway(error)) redis.failed(error, 'queueing mails');
    else jobs.note('job', { err: error });
  };
}
