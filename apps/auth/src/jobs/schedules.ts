/**
 * Keeps the schedules in Redis, where they can be lost: Redis is emptied, a job that is to make the next
 * one is removed or changed, a worker cannot write the next one.
 *
 * Invariant: within three periods after Redis can be used, each job is done. Schedules are set at the
 * start, at each `ready` of the connection, and when one is not there. And whatever is wrong, it shows in
 * Postgres: a job that was not done for two periods has the whole queue thrown away and set anew, at most
 * once in two of its periods by each instance.
 */
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { LastSuccess } from './last-successes.ts';
import type { ScheduledJob } from './scheduled-job.ts';
import { emptyQueue } from './empty-queue.ts';

/** What a queue decides of a job: nothing is tried again before its next time, and nothing is kept. */
const JOB_OPTIONS = { removeOnComplete: true, removeOnFail: true, stackTraceLimit: 0 };

export interface SchedulesOptions {
  queue: Queue;
  /** That the queue asks by. */
  redis: Redis;
  jobs: Readonly<Record<string, ScheduledJob>>;
  lastSuccesses(names: readonly string[]): Promise<Map<string, LastSuccess>>;
  /** Monotonic, milliseconds. */
  now(): number;
  /** Called when the queue is thrown away for these jobs. */
  overdue(names: readonly string[]): void;
}

export class Schedules {
  readonly #options: SchedulesOptions;
  /** Before that it is no use to throw the queue away for that job once more. */
  readonly #patience = new Map<string, number>();

  constructor(options: SchedulesOptions) {
    this.#options = options;
    this.#beginPatience(Object.keys(options.jobs));
  }

  /** Changes nothing of schedules that are as they should be. */
  async set(): Promise<void> {
    const { queue, jobs } = this.#options;
    for (const [name, { periodSeconds }] of Object.entries(jobs)) {
      const every = periodSeconds * 1_000;
      await queue.upsertJobScheduler(name, { every }, { name, data: {}, opts: JOB_OPTIONS });
    }
  }

  /** Sets what is lost, and throws away what does not work. */
  async look(): Promise<void> {
    const { queue, redis, jobs } = this.#options;
    if (redis.status !== 'ready') {
      // What was not done meanwhile is not the fault of the queue.
      this.#beginPatience(Object.keys(jobs));
      return;
    }
    const overdue = await this.#overdue();
    if (overdue.length > 0) {
      this.#options.overdue(overdue);
      this.#beginPatience(overdue);
      await emptyQueue(redis, queue);
      await this.set();
    } else if ((await queue.getJobSchedulersCount()) < Object.keys(jobs).length) {
      await this.set();
    }
  }

  async #overdue(): Promise<string[]> {
    const { jobs, now, lastSuccesses } = this.#options;
    const names = Object.keys(jobs).filter((name) => now() > (this.#patience.get(name) ?? 0));
    if (names.length === 0) return [];
    const successes = await lastSuccesses(names);
    return names.filter((name) => {
      const period = jobs[name]?.periodSeconds ?? Infinity;
      return (successes.get(name)?.age ?? Infinity) > 2 * period;
    });
  }

  #beginPatience(names: readonly string[]): void {
    const { jobs, now } = this.#options;
    for (const name of names) {
      this.#patience.set(name, now() + 2_000 * (jobs[name]?.periodSeconds ?? 0));
    }
  }
}
