import { readFileSync } from 'node:fs';
import { isAlive, parentOf, startOf } from './process-identity.mjs';

const POLL_MS = 500;
const SHELLS = new Set(['sh', 'dash', 'bash', 'zsh', 'ash', 'ksh', 'busybox']);

/**
 * Calls back once when the process that runs this command is gone: `npm start` runs it through a shell
 * that may or may not stay in between, so npm itself is watched too.
 * @returns stops watching
 */
export function watchParent(gone: () => void): () => void {
  const watched = ancestors().flatMap((pid) => {
    const start = startOf(pid);
    return start === undefined ? [] : [{ pid, start }];
  });
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent && watched.every((one) => isAlive(one))) return;
    clearInterval(timer);
    gone();
  }, POLL_MS);
  timer.unref();
  return () => clearInterval(timer);
}

function ancestors(): number[] {
  const parent = process.ppid;
  if (parent <= 1) return [];
  const throughNpm = process.env['npm_lifecycle_event'] !== undefined;
  const grandparent = throughNpm && SHELLS.has(commandName(parent)) ? parentOf(parent) : undefined;
  return grandparent !== undefined && grandparent > 1 ? [parent, grandparent] : [parent];
}

function commandName(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return '';
  }
}
