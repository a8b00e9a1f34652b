/**
 * The threads that hash. Not Node's own pool: there the hashes would stand before all else that needs
 * it (signatures, files, name look-ups), and could not be given another priority.
 *
 * What waits when a thread has time goes to it together, as commits go to a disk: on an idle service
 * each job goes at once, and under load what follows a hash is done for several users in one go. A hash
 * fills the caches of its core, so that the code that runs after it fetches its own code and data anew.
 */
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import * as z from 'zod';
import type { HashingJob } from './hashing-thread.mjs';

/** Named by the manifest of the app: this file stands elsewhere in `src` than what was built of it in `dist`. */
const THREAD = createRequire(import.meta.url).resolve('#hashing-thread');

/** Jobs that a thread gets together at the most; none waits for its answer longer than these take. */
export const BATCH_SIZE = 4;

const answers = z.array(
  z.union([
    z.object({ done: z.union([z.string(), z.boolean()]) }),
    z.object({ failed: z.string() }),
  ]),
);

interface Waiting {
  job: HashingJob;
  resolve(done: string | boolean): void;
  reject(error: unknown): void;
}

export class HashingThreads implements AsyncDisposable {
  readonly #idle: HashingThread[];
  readonly #all: readonly HashingThread[];
  readonly #waiting: Waiting[] = [];
  #ended = false;

  constructor(count: number) {
    this.#all = Array.from({ length: count }, () => new HashingThread());
    this.#idle = [...this.#all];
  }

  /** Jobs that no thread has yet. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** @throws Error when argon2 or its thread has failed, or has been ended */
  async run(job: HashingJob): Promise<string | boolean> {
    return await new Promise((resolve, reject) => {
      this.#waiting.push({ job, resolve, reject });
      this.#handOut();
    });
  }

  #handOut(): void {
    if (this.#ended) {
      const ended = new Error('the threads that hash have been ended');
      for (const { reject } of this.#waiting.splice(0)) reject(ended);
    }
    while (this.#waiting.length > 0) {
      const thread = this.#idle.pop();
      if (thread === undefined) return;
      // A share of them, as another thread may have time in a moment.
      const share = Math.ceil(this.#waiting.length / this.#all.length);
      void this.#run(thread, this.#waiting.splice(0, Math.min(share, BATCH_SIZE)));
    }
  }

  async #run(thread: HashingThread, asked: readonly Waiting[]): Promise<void> {
    try {
      const said = await thread.run(asked.map(({ job }) => job));
      for (const [at, { resolve, reject }] of asked.entries()) {
        const one = said[at];
        if (one !== undefined && 'done' in one) resolve(one.done);
        else reject(new Error(one?.failed ?? 'no answer from a thread that hashes'));
      }
    } catch (error) {
      for (const { reject } of asked) reject(error);
    } finally {
      this.#idle.push(thread);
      this.#handOut();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    this.#handOut();
    await Promise.all(this.#all.map((thread) => thread[Symbol.asyncDispose]()));
  }
}

/** One message at a time. After a failure of the thread itself, the next job gets another one. */
class HashingThread implements AsyncDisposable {
  #worker: Worker | undefined;

  async run(jobs: readonly HashingJob[]): Promise<z.infer<typeof answers>> {
    const worker = (this.#worker ??= this.#start());
    // Only work keeps the process alive.
    worker.ref();
    try {
      const said = await new Promise<unknown>((resolve, reject) => {
        const settle = (): void => {
          worker.off('message', answered);
          worker.off('error', failed);
          worker.off('exit', exited);
        };
        const answered = (message: unknown): void => {
          settle();
          resolve(message);
        };
        const failed = (error: unknown): void => {
          settle();
          reject(error instanceof Error ? error : new Error('a thread that hashes failed'));
        };
        const exited = (): void => failed(new Error('a thread that hashes has ended'));
        worker.on('message', answered).on('error', failed).on('exit', exited);
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
        worker.postMessage(jobs);
      });
      return answers.parse(said);
    } finally {
      worker.unref();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(THREAD, {
      // Not what the process itself is run with.
      execArgv: [],
    });
    const gone = (): void => {
      if (this.#worker === worker) this.#worker = undefined;
    };
    // A caller that waits for a job gets the error too; between jobs no caller waits.
    worker.on('error', gone).on('exit', gone);
    return worker;
  }
}
