/** The Redis that queues are in: two connections that they share, and what the log says of it. */
import { BoundedLines, Outage, type Logger } from '@portcullis/service';
import type { Redis } from 'ioredis';
import { explainTimeout } from '../redis/explain-timeout.ts';
import { connectJobs } from '../redis/connect-jobs.ts';
import { isRedisAway } from '../redis/is-redis-away.ts';
import { warnOfEviction } from '../redis/warn-of-eviction.ts';

/** Milliseconds; less than Postgres lets the transaction of a job stand idle. */
const ASK_TIMEOUT_MS = 3_000;

export interface JobServer extends AsyncDisposable {
  /** For commands that answer at once, or fail. */
  readonly asking: Redis;
  /** For workers, whose commands wait. */
  readonly working: Redis;
  /** Before every key. */
  readonly prefix: string;
  /** What workers and queues are made with. */
  readonly logger: Logger;
  /** Logs a failure: an unavailable Redis, or something wrong with one job. */
  failed(error: unknown): void;
}

export function openJobServer(options: {
  redisUrl: string;
  prefix: string;
  logger: Logger;
}): JobServer {
  const { redisUrl, logger } = options;
  const effect = 'mails and maintenance deferred';
  const outage = new Outage({ logger, part: 'redis', effect });
  const lines = new BoundedLines(logger, 'a job went wrong; what it was for is looked at again');
  const failed = (error: unknown): void => {
    if (isRedisAway(error)) {
      explainTimeout(redisUrl, error, (cause) => outage.failed(cause, 'queueing jobs'));
    } else lines.note('job', { err: error });
  };
  const asking = connectJobs(redisUrl, 'portcullis-auth-queue', { commandTimeout: ASK_TIMEOUT_MS });
  const working = connectJobs(redisUrl, 'portcullis-auth-worker');
  for (const connection of [asking, working]) connection.on('error', failed);
  warnOfEviction(asking, logger);
  return {
    asking,
    working,
    prefix: `${options.prefix}:jobs`,
    logger,
    failed,
    async [Symbol.asyncDispose]() {
      for (const connection of [asking, working]) connection.disconnect();
    },
  };
}
