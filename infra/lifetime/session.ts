// The frame of every command: a data folder with its lock, a supervisor, signals, and the end.
//
// Invariant: on every end of the command (its own end, an error, a signal, the parent's death), the
// supervisor ends everything else first, then the lock is released, then the process exits.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { acquireLock, LockHeld } from './lock.mjs';
import { watchParent } from './parent-watch.ts';
import { endLeftovers } from './register.ts';
import { Supervisor } from './supervisor.ts';
import { note, noteStopping, printFailure, StepFailure } from '../steps.ts';

export interface Session {
  readonly dataFolder: string;
  /** The command, as it is typed. */
  readonly purpose: string;
  readonly supervisor: Supervisor;
  /** Aborted when the command is asked to end. */
  readonly signal: AbortSignal;
}

/** Repeats within this time, in milliseconds, are one Ctrl-C: npm and the terminal both send it. */
const SAME_CTRL_C_MS = 1_000;
/** 128 and the number of SIGINT. */
const STOPPED = 130;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** @returns the exit status of the command; 130, as of a program that Ctrl-C has ended, where that came before its end */
export async function inSession(
  dataFolder: string,
  purpose: string,
  run: (session: Session) => Promise<number>,
): Promise<number> {
  mkdirSync(dataFolder, { recursive: true });
  let lock;
  try {
    lock = await acquireLock(join(dataFolder, 'lock'), { note: purpose });
  } catch (error) {
    printFailure(error instanceof LockHeld ? alreadyRunning(error) : error);
    return 1;
  }
  try {
    const left = await endLeftovers(dataFolder);
    if (left.length > 0) note(`ended what an earlier run left behind: ${left.join(', ')}`);
    return await supervised(dataFolder, purpose, run);
  } finally {
    lock.release();
  }
}

async function supervised(
  dataFolder: string,
  purpose: string,
  run: (session: Session) => Promise<number>,
): Promise<number> {
  await using supervisor = new Supervisor(dataFolder);
  const ending = new AbortController();
  let asked: number | undefined;
  const ask = (why: string): void => {
    const now = performance.now();
    if (asked === undefined) {
      asked = now;
      console.log(`\n  ${why}: stopping`);
      noteStopping();
      ending.abort();
      void supervisor.stopAll();
    } else if (now - asked > SAME_CTRL_C_MS) {
      void supervisor.stopAll({ hard: true });
    }
  };
  const onSignal = (name: NodeJS.Signals): void => ask(name);
  for (const name of SIGNALS) process.on(name, onSignal);
  const unwatch = watchParent(() => ask('the process that ran this is gone'));
  // With the reader of our output gone, writing must not be what ends us without a clean-up.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  try {
    return await run({ dataFolder, purpose, supervisor, signal: ending.signal });
  } catch (error) {
    if (ending.signal.aborted) {
      // What was stopped ends with another error: this is a fault of its own.
      if (error instanceof StepFailure) printFailure(error);
      note(`${purpose} was stopped before it was done`);
      return STOPPED;
    }
    printFailure(error);
    return 1;
  } finally {
    await supervisor.stopAll();
    unwatch();
    for (const name of SIGNALS) process.off(name, onSignal);
  }
}

function alreadyRunning({ holder }: LockHeld): StepFailure {
  return new StepFailure(
    `${holder.note || 'It'} already runs in this checkout, as process ${holder.pid}.`,
    { fix: `Ctrl-C in its terminal ends it; without one: kill ${holder.pid}` },
  );
}
