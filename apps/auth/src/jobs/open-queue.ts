/** A queue of BullMQ and this instance's worker on it. */
import { Queue, Worker, type Job } from 'bullmq';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitAtMost } from '../timing/wait-at-most.ts';
import type { JobServer } from './job-server.ts';

/** Milliseconds; then the job of a process that died is given to another, in two looks at most. */
export const LOCK_MS = 10_000;
const STALLED_MS = 3_000;
/** Between two attempts of a worker to get a job from a Redis that is unavailable, or full. Milliseconds. */
const RETRY_MS = 1_000;
/** Processes that may die of a job before the queue lets go of it. */
const MAX_STALLS = 12;
const CLOSE_TIMEOUT_MS = 5_000;

/** A Redis that is there and refuses, a full one, would be asked again without a pause. */
class RestingWorker extends Worker {
  protected override async moveToActive(token: string, name?: string): Promise<Job> {
    try {
      return await super.moveToActive(token, name);
    } catch (error) {
      await sleep(RETRY_MS);
      throw error;
    }
  }
}

export interface OpenQueue {
  readonly queue: Queue;
  /** Waits for what is under way, though not for ever. */
  close(): Promise<void>;
}

export interface QueueOptions {
  server: JobServer;
  name: string;
  /** Jobs that this instance works on at once. */
  concurrency: number;
  work(job: Job): Promise<void>;
  /** For a job whose work has failed. */
  jobFailed(job: Job | undefined, error: Error): void;
}

export function openQueue({ server, name, ...options }: QueueOptions): OpenQueue {
  const { asking, working, prefix, failed } = server;
  const queue = new Queue(name, { connection: asking, prefix, skipVersionCheck: true });
  const worker = new RestingWorker(name, (job) => options.work(job), {
    connection: working,
    prefix,
    skipVersionCheck: true,
    concurrency: options.concurrency,
    lockDuration: LOCK_MS,
    stalledInterval: STALLED_MS,
    maxStalledCount: MAX_STALLS,
    runRetryDelay: RETRY_MS,
  });
  queue.on('error', failed);
  worker.on('error', failed);
  worker.on('failed', options.jobFailed);

  return {
    queue,
    async close() {
      // Nor is Redis waited for without end: a connection that is between two attempts never says that
      // it has ended.
      await waitAtMost(
        CLOSE_TIMEOUT_MS,
        Promise.all([worker.close(), queue.close()]).catch(failed),
      );
      await waitAtMost(CLOSE_TIMEOUT_MS, worker.disconnect().catch(failed));
    },
  };
}
