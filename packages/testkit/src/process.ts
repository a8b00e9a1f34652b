/** A program under test in a process of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { inheritedEnvironment } from './environment.ts';
import { repositoryRoot } from './repository.ts';
import { endedAlready, endWithThisProcess } from './warden.ts';

/** What is kept of a process's output, in characters, from its end. */
const LOG_LIMIT = 200_000;
/** How long the output of a process may take to arrive after its end, in milliseconds. */
const LAST_WORDS_MS = 500;
/** How long a process may take to end after SIGTERM, in milliseconds. */
const STOP_TIMEOUT_MS = 10_000;

export interface ProcessOptions {
  /** For messages. */
  name: string;
  command: string;
  args?: readonly string[];
  /** In addition to the path, home, temporary folder, language and time zone of this process. */
  env?: Readonly<Record<string, string>>;
  cwd?: string;
}

export class TestProcess implements AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  /** Exit status, or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals>;
  readonly #child: ChildProcess;
  #log = '';
  #ended = false;

  constructor(options: ProcessOptions) {
    this.name = options.name;
    const child = spawn(options.command, options.args ?? [], {
      cwd: options.cwd ?? repositoryRoot,
      env: { ...inheritedEnvironment(), ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own: what it starts is ended with it, and Ctrl-C reaches it in our order.
      detached: true,
    });
    this.#child = child;
    this.pid = child.pid ?? 0;
    if (child.pid !== undefined) endWithThisProcess(child.pid);
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text: string) => {
        this.#log = (this.#log + text).slice(-LOG_LIMIT);
      });
    }
    this.exited = new Promise((resolve) => {
      child.once('error', (error) => {
        this.#log += `${error.message}\n`;
        this.#ended = true;
        resolve(127);
      });
      child.once('exit', (code, signal) => {
        this.#ended = true;
        if (child.pid !== undefined) {
          endWhatIsLeft(child.pid);
          endedAlready(child.pid);
        }
        const settle = (): void => resolve(code ?? signal ?? 0);
        // Its last words may still be in the pipe; somebody else may hold that open for ever.
        child.once('close', settle);
        setTimeout(settle, LAST_WORDS_MS).unref();
      });
    });
  }

  /** The last of what it has written to stdout and stderr. */
  get log(): string {
    return this.#log;
  }

  get running(): boolean {
    return !this.#ended;
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    if (this.running) this.#child.kill(signal);
  }

  /** SIGSTOP: the process stands still, its connections stay open. */
  pause(): void {
    this.kill('SIGSTOP');
  }

  resume(): void {
    this.kill('SIGCONT');
  }

  /**
   * Asks it to end, and kills it if it does not within 10 seconds.
   *
   * @returns exit status, or the signal that ended it
   */
  async stop(): Promise<number | NodeJS.Signals> {
    this.resume();
    this.kill('SIGTERM');
    const late = new AbortController();
    const timer = sleep(STOP_TIMEOUT_MS, undefined, { signal: late.signal }).then(
      () => this.kill('SIGKILL'),
      () => {},
    );
    const status = await this.exited;
    late.abort();
    await timer;
    return status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/**
 * Runs a command to its end.
 *
 * @returns what it has written
 * @throws Error with its output, when its status is not 0 or it takes longer
 */
export async function run(options: ProcessOptions, timeoutMs = 60_000): Promise<string> {
  await using child = new TestProcess(options);
  const late = new AbortController();
  const timer = sleep(timeoutMs, 'late' as const, { signal: late.signal }).catch(
    () => 'over' as const,
  );
  const status = await Promise.race([child.exited, timer]);
  late.abort();
  if (status === 0) return child.log;
  throw new Error(`${options.name} ended with ${status}:\n${child.log}`);
}

/** What a process has started and left behind in its group. */
function endWhatIsLeft(group: number): void {
  try {
    process.kill(-group, 'SIGKILL');
  } catch {
    // ESRCH: nothing is left, as it should be.
  }
}
