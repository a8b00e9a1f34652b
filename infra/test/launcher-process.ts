import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startOf } from '../lifetime/process-identity.mjs';

const STAND_IN = join(dirname(fileURLToPath(import.meta.url)), 'stand-in', 'launcher.ts');

export const newFolder = (): string => mkdtempSync(join(tmpdir(), 'portcullis-launcher-test-'));

export interface Launched {
  child: ChildProcess;
  output: () => string;
  /** Ends with its exit status, or the name of the signal that ended it. */
  ended: Promise<number | string>;
  /** What it started. */
  pids: () => number[];
}

export function launch(...words: string[]): Launched {
  const child = spawn(process.execPath, ['--import', 'tsx', STAND_IN, ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const ended = new Promise<number | string>((resolve) => {
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
  const pids = (): number[] => [...text.matchAll(/^pid (\d+)$/gm)].map((match) => Number(match[1]));
  return { child, output: () => text, ended, pids };
}

export async function launchUp(...words: string[]): Promise<Launched> {
  const launched = launch(...words);
  await until(() => launched.output().includes('\nup\n') || launched.child.exitCode !== null);
  if (!launched.output().includes('\nup\n')) throw new Error(launched.output());
  return launched;
}

/** Waits for something that has to become true, for at most 20 s. */
export async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`never became true: ${holds.toString()}`);
    await sleep(20);
  }
}

export const isGone = (pid: number): boolean => startOf(pid) === undefined;
