/**
 * A process that does what it is asked and says what it has measured.
 *
 * Unlike a service it talks to the process that started it, and ends with it. Times come from the
 * system's monotonic clock (`machineNow`), which all processes of a machine share: a time from one may
 * be subtracted from a time from another.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { repositoryRoot } from './repository.ts';
import { SOURCE_RUNNER } from './node-words.ts';

const READY_MS = 60_000;

export interface WorkerOptions {
  /** TypeScript file, relative to the root of the repository. */
  entry: string;
  /** Any value that JSON can carry: what `settingsOfWorker` returns there. */
  settings: unknown;
  execArgv?: readonly string[];
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** Milliseconds since some moment that is the same for every process of this machine. */
export function machineNow(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

export class Worker implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  #waiting: Waiting | undefined;

  private constructor({ entry, settings, execArgv = [] }: WorkerOptions) {
    const child = fork(join(repositoryRoot, entry), [JSON.stringify(settings)], {
      cwd: repositoryRoot,
      execArgv: [...SOURCE_RUNNER, ...execArgv],
    });
    child.on('message', (message) => {
      if (typeof message !== 'object' || message === null) return;
      if ('error' in message)
        this.#settled()?.reject(new Error(`${entry}: ${String(message.error)}`));
      else this.#settled()?.resolve('value' in message ? message.value : undefined);
    });
    this.#exited = new Promise((resolve) => {
      child.once('exit', (status, signal) => {
        this.#settled()?.reject(new Error(`${entry} ended with ${status ?? signal}`));
        resolve(status);
      });
    });
    this.#child = child;
  }

  /** @returns once it answers */
  static async start(options: WorkerOptions): Promise<Worker> {
    const worker = new Worker(options);
    const late = setTimeout(() => worker.#child.kill('SIGKILL'), READY_MS);
    await worker.#answer();
    clearTimeout(late);
    return worker;
  }

  /**
   * One question at a time.
   *
   * @returns what the worker's function returned
   * @throws Error with the message of what it threw, or when the worker has ended
   */
  async ask(question: unknown): Promise<unknown> {
    const answer = this.#answer();
    this.#child.send({ question });
    return await answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    await this.#exited;
  }

  async #answer(): Promise<unknown> {
    if (this.#waiting !== undefined) throw new Error('one question at a time');
    return await new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  #settled(): Waiting | undefined {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    return waiting;
  }
}

/** In the worker: what it was started with. */
export function settingsOfWorker(): unknown {
  return JSON.parse(process.argv[2] ?? 'null');
}

/**
 * In the worker, once it is ready: answers questions until its parent is gone or has enough.
 *
 * @param end closes what would keep the process alive
 */
export function answerQuestions(
  answer: (question: unknown) => unknown,
  end: () => unknown = () => undefined,
): void {
  const say = (message: object): void => void process.send?.(message);
  process.on('message', (message) => {
    if (typeof message !== 'object' || message === null || !('question' in message)) return;
    const { question } = message;
    void (async () => {
      try {
        say({ value: await answer(question) });
      } catch (error) {
        say({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
      }
    })();
  });
  process.once('disconnect', () => {
    void (async () => {
      await end();
      process.exit();
    })();
  });
  say({ value: 'ready' });
}
