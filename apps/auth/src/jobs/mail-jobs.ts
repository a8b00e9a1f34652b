/** One job for each mail that waits, by the mail's id. What is to be sent stands in Postgres. */
import type { MailId } from '@portcullis/contracts';
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { MAX_ATTEMPTS } from '../mail/deliver.ts';

/** 2 s, 4 s, 8 s … less up to half of each by chance, so that what failed together does not return together. */
const BACKOFF = { type: 'exponential', delay: 2_000, jitter: 0.5 };
/** Dead letters that stay visible in Redis; Postgres keeps them all. */
const KEPT_FAILURES = 1_000;

export class MailJobs {
  readonly #queue: Queue;
  readonly #connection: Pick<Redis, 'status'>;

  /** @param connection that the queue asks by */
  constructor(queue: Queue, connection: Pick<Redis, 'status'>) {
    this.#queue = queue;
    this.#connection = connection;
  }

  get canBePut(): boolean {
    return this.#connection.status === 'ready';
  }

  /** Nothing is remembered for a Redis that is unavailable: the sweep asks again. */
  async put(id: MailId): Promise<void> {
    if (!this.canBePut) return;
    // One job for a mail: a second one by that id is not added.
    await this.#queue.add(
      'send-mail',
      { mail: id },
      {
        jobId: id,
        attempts: MAX_ATTEMPTS,
        backoff: BACKOFF,
        removeOnComplete: true,
        removeOnFail: KEPT_FAILURES,
        stackTraceLimit: 0,
      },
    );
  }

  /** For a mail that waits and may have a job, or have had one. */
  async putAgain(id: MailId): Promise<void> {
    // A job that Redis has given up, of a mail that Postgres has not.
    if ((await this.#queue.getJobState(id)) === 'failed') await this.#queue.remove(id);
    await this.put(id);
  }
}
