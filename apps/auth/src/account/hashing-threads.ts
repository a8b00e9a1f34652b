/**
 * The threads that hash. Not Node's own pool: there the hashes would stand before whatever else needs
 * it (signatures, files, name look-ups), and could not be given another priority.
 */
import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import type { HashingJob } from './hashing-thread.mjs';

const answer = z.union([
  z.object({ done: z.union([z.string(), z.boolean()]) }),
  z.object({ failed: z.string() }),
]);

export class HashingThreads implements AsyncDisposable {
  readonly #idle: HashingThread[];
  readonly #all: readonly HashingThread[];

  constructor(count: number) {
    this.#all = Array.from({ length: count }, () => new HashingThread());
    this.#idle = [...this.#all];
  }

  /**
   * The caller sees to it that no more are under way than there are threads.
   *
   * @throws Error when argon2 or its thread has failed
   */
  async run(job: HashingJob): Promise<string | boolean> {
    const thread = this.#idle.pop();
    if (thread === undefined) throw new Error('more hashes than threads');
    try {
      return await thread.run(job);
    } finally {
      this.#idle.push(thread);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#all.map((thread) => thread[Symbol.asyncDispose]()));
  }
}

/** One job at a time. After a failure of the thread itself, the next job gets another one. */
class HashingThread implements AsyncDisposable {
  #worker: Worker | undefined;

  async run(job: HashingJob): Promise<string | boolean> {
    const worker = (this.#worker ??= this.#start());
    // Only work keeps the process alive.
    worker.ref();
    try {
      return await new Promise((resolve, reject) => {
        const settle = (): void => {
          worker.off('message', told);
          worker.off('error', failed);
          worker.off('exit', exited);
        };
        const told = (message: unknown): void => {
          settle();
          const said = answer.safeParse(message);
          if (said.success && 'done' in said.data) resolve(said.data.done);
          else
            reject(new Error(said.success && 'failed' in said.data ? said.data.failed : 'what?'));
        };
        const failed = (error: unknown): void => {
          settle();
          reject(error instanceof Error ? error : new Error('a thread that hashes failed'));
        };
        const exited = (): void => failed(new Error('a thread that hashes has ended'));
        worker.on('message', told).on('error', failed).on('exit', exited);
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
        worker.postMessage(job);
      });
    } finally {
      worker.unref();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(new URL('hashing-thread.mjs', import.meta.url), {
      // Not what the process itself is run with.
      execArgv: [],
    });
    const gone = (): void => {
      if (this.#worker === worker) this.#worker = undefined;
    };
    // Whoever waits for a job hears of it too; in between nobody does, and nobody has to.
    worker.on('error', gone).on('exit', gone);
    return worker;
  }
}
