// Everything that the launcher starts, it starts through here.
//
// Invariant: a process runs only after the warden and the register on disk know its pid and start
// time. It is started behind a gate (a shell that waits for one line on stdin, then becomes the
// program by exec, so the pid stays); the gate opens after the record is made. If the launcher
// dies before, the gate sees the end of its stdin and exits.
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { constants as os } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Register } from './register.ts';
import { startOf } from './process-identity.mjs';
import { signalTo, terminateAll, type Owned, type OwnedProcess } from './terminate.mjs';

/**
 * What is ended first has the higher stage. Auth goes after the services that verify, which deregister
 * at it.
 */
export const stage = { folder: 0, database: 1, broker: 2, issuer: 3, app: 4, command: 5 } as const;

export interface ProcessSpec {
  name: string;
  argv: readonly [string, ...string[]];
  stage: number;
  env: NodeJS.ProcessEnv;
  cwd: string;
  /** File that gets stdout and stderr, or the launcher's own. */
  output: { file: string } | 'inherit';
  /** The signal that asks for a graceful end. */
  signal?: NodeJS.Signals;
  /** How long that may take, in milliseconds, before SIGKILL. */
  graceMs?: number;
  /** Ask its whole process group to end, and wait for all that it started: for task runners. */
  wholeTree?: boolean;
  user?: { uid: number; gid: number } | undefined;
}

export interface RunningProcess {
  readonly name: string;
  readonly pid: number;
  /** Its exit status; 128 + the signal's number when a signal ended it. */
  readonly exited: Promise<number>;
  hasExited(): boolean;
}

const GATE = 'IFS= read -r go || exit 143; exec "$@" </dev/null';
const WARDEN = join(dirname(fileURLToPath(import.meta.url)), 'warden.mjs');

export class Supervisor implements AsyncDisposable {
  readonly #owned = new Map<string, Owned>();
  readonly #register: Register;
  #warden: ChildProcess | undefined;
  #counter = 0;
  #stopping: Promise<void> | undefined;
  #hard = false;

  constructor(dataFolder: string) {
    this.#register = new Register(dataFolder);
    this.#startWarden();
  }

  /** True from the moment that everything is being stopped; nothing new may start then. */
  get stopping(): boolean {
    return this.#stopping !== undefined;
  }

  async start(spec: ProcessSpec): Promise<RunningProcess> {
    if (this.stopping) throw new Error(`not starting ${spec.name}: everything is being stopped`);
    const child = spawnBehindGate(spec);
    const exited = exitOf(child);
    const pid = child.pid;
    const start = pid === undefined ? undefined : startOf(pid);
    if (pid === undefined || start === undefined) {
      await exited;
      throw new Error(`${spec.name} could not be started: ${spec.argv[0]}`);
    }
    const owned: OwnedProcess = {
      kind: 'process',
      name: spec.name,
      pid,
      start,
      stage: spec.stage,
      signal: spec.signal ?? 'SIGTERM',
      graceMs: spec.graceMs ?? 10_000,
      ...(spec.wholeTree !== undefined && { wholeTree: spec.wholeTree }),
    };
    const id = await this.own(owned);
    let over = false;
    void exited.then(() => {
      over = true;
      if (this.stopping) return; // seen to by stopAll, with all that belongs to it
      signalTo(-pid, 'SIGKILL'); // what it may have left in its group
      this.disown(id);
    });
    child.stdin?.end('go\n');
    return {
      name: spec.name,
      pid,
      exited,
      hasExited: () => over,
    };
  }

  /** Records something that has to be ended or removed; resolves once the warden has it. */
  async own(owned: Owned): Promise<string> {
    const id = String(++this.#counter);
    this.#owned.set(id, owned);
    this.#register.write([...this.#owned.values()]);
    await this.#tell({ id, add: owned });
    return id;
  }

  disown(id: string): void {
    if (!this.#owned.delete(id)) return;
    this.#register.write([...this.#owned.values()]);
    void this.#tell({ id });
  }

  /** Ends everything gracefully; a second call with `hard` ends the grace. */
  stopAll({ hard = false } = {}): Promise<void> {
    this.#hard ||= hard;
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopAll();
  }

  async #stopAll(): Promise<void> {
    await terminateAll([...this.#owned.values()], { hard: () => this.#hard });
    for (const id of [...this.#owned.keys()]) this.disown(id);
    const warden = this.#warden;
    this.#warden = undefined;
    if (warden && warden.exitCode === null && warden.signalCode === null) {
      const gone = exitOf(warden);
      warden.stdin?.end();
      await gone;
    }
    this.#register.remove();
  }

  #startWarden(): void {
    const warden = spawn(process.execPath, [WARDEN, this.#register.file], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      env: {},
    });
    this.#warden = warden;
    warden.stdin.on('error', () => {}); // its exit is what counts
    // Killed from outside: the next one gets the whole list.
    warden.on('exit', () => {
      if (this.#warden !== warden) return;
      this.#startWarden();
    });
    // In one write: of several the stream would keep all but the first for its next turn.
    const known = [...this.#owned].map(([id, add]) => `${JSON.stringify({ id, add })}\n`).join('');
    if (known !== '') warden.stdin.write(known);
    if (warden.pid !== undefined) this.#register.noteWarden(warden.pid);
    this.#register.write([...this.#owned.values()]);
  }

  #tell(change: { id: string; add?: Owned }): Promise<void> {
    const pipe = this.#warden?.stdin;
    if (!pipe?.writable) return Promise.resolve();
    return new Promise((resolve) => pipe.write(`${JSON.stringify(change)}\n`, () => resolve()));
  }
}

function spawnBehindGate(spec: ProcessSpec): ChildProcess {
  const log = spec.output === 'inherit' ? 'inherit' : openLog(spec.output.file);
  try {
    return spawn('/bin/sh', ['-c', GATE, spec.name, ...spec.argv], {
      cwd: spec.cwd,
      env: spec.env,
      detached: true, // the terminal's Ctrl-C reaches the launcher alone, which keeps the order
      stdio: ['pipe', log, log],
      ...spec.user,
    });
  } finally {
    if (typeof log === 'number') closeSync(log);
  }
}

function openLog(file: string): number {
  mkdirSync(dirname(file), { recursive: true });
  return openSync(file, 'a', 0o600);
}

function exitOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.stdin?.on('error', () => {}); // it may be gone before the gate opens
    child.once('error', () => resolve(127));
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal ? os.signals[signal] : 0)));
  });
}
