/** A program under test in a process of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, fstatSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inheritedEnvironment } from './environment.ts';
import { repositoryRoot } from './repository.ts';
import { endedAlready, endWithThisProcess } from './warden.ts';

/** What is read of a process's output, in bytes, from its end. */
const LOG_LIMIT = 200_000;
/** How long a process may take to end after SIGTERM, in milliseconds. */
const STOP_TIMEOUT_MS = 10_000;

export interface ProcessOptions {
  /** For messages. */
  name: string;
  command: string;
  args?: readonly string[];
  /** In addition to the path, home, temporary folder, language and time zone of this process. */
  env?: Readonly<Record<string, string>>;
  /** The checkout's root unless given. */
  cwd?: string;
}

export class TestProcess implements AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  /** Exit status, or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals>;
  readonly #child: ChildProcess;
  readonly #output = new Output();
  #ended = false;

  constructor(options: ProcessOptions) {
    this.name = options.name;
    const child = spawn(options.command, options.args ?? [], {
      cwd: options.cwd ?? repositoryRoot,
      env: { ...inheritedEnvironment(), ...options.env },
      stdio: ['ignore', this.#output.file, this.#output.file],
      // A group of its own: what it starts is ended with it, and Ctrl-C reaches it in our order.
      detached: true,
    });
    this.#child = child;
    this.pid = child.pid ?? 0;
    if (child.pid !== undefined) endWithThisProcess(child.pid);
    this.exited = new Promise((resolve) => {
      child.once('error', (error) => {
        this.#output.add(`${error.message}\n`);
        this.#ended = true;
        resolve(127);
      });
      child.once('exit', (code, signal) => {
        this.#ended = true;
        if (child.pid !== undefined) {
          endWhatIsLeft(child.pid);
          endedAlready(child.pid);
        }
        resolve(code ?? signal ?? 0);
      });
    });
  }

  /** The last of what it has written to stdout and stderr. */
  get log(): string {
    return this.#output.end;
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

/**
 * What a process writes goes to a file without a name, and not through a pipe: an event for every line
 * would wake this process, which may be measuring that one.
 */
class Output {
  readonly file: number;

  constructor() {
    const folder = mkdtempSync(join(tmpdir(), 'portcullis-output-'));
    this.file = openSync(join(folder, 'output'), 'a+');
    // The open file is all that is left of it.
    rmSync(folder, { recursive: true });
    unclaimed.register(this, this.file);
  }

  add(text: string): void {
    writeSync(this.file, text);
  }

  get end(): string {
    const { size } = fstatSync(this.file);
    const bytes = Buffer.alloc(Math.min(size, LOG_LIMIT));
    const read = readSync(this.file, bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString('utf8', 0, read);
  }
}

/** The starter of the process may ask for its output for as long as it likes. */
const unclaimed = new FinalizationRegistry<number>(closeSync);
