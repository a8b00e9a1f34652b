// Ends what a launcher started: used by the launcher itself, by the warden after the launcher's
// death, and by the next launcher for what neither could end.
//
// Invariant: nothing is signalled unless its pid and its start time both match what was recorded.
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { descendantsOf, isAlive } from './process-identity.mjs';

/**
 * @typedef {{ kind: 'process', name: string, pid: number, start: string, stage: number,
 *   signal: NodeJS.Signals, graceMs: number, wholeTree?: boolean }} OwnedProcess leads a group of its
 *   own; wholeTree: what it started is asked to end with it, and waited for, as for a task runner
 * @typedef {{ kind: 'command', name: string, argv: string[], cwd: string, stage: number }} OwnedCommand
 *   a command that ends something which is not our child, such as a container
 * @typedef {{ kind: 'folder', name: string, path: string, stage: number }} OwnedFolder
 * @typedef {OwnedProcess | OwnedCommand | OwnedFolder} Owned
 */

const POLL_MS = 25;
const KILL_WAIT_MS = 5_000;
const COMMAND_LIMIT_MS = 60_000;

/**
 * Ends everything, the highest stage first, all of one stage together.
 * @param {Iterable<Owned>} owned
 * @param {{ hard?: () => boolean }} [options] hard: becomes true when there is no more time for grace
 */
export async function terminateAll(owned, { hard = () => false } = {}) {
  const all = [...owned];
  const stages = [...new Set(all.map((one) => one.stage))].toSorted((a, b) => b - a);
  for (const stage of stages) {
    await Promise.all(all.filter((one) => one.stage === stage).map((one) => end(one, hard)));
  }
}

/**
 * @param {Owned} owned
 * @param {() => boolean} hard
 */
async function end(owned, hard) {
  if (owned.kind === 'process') await endProcess(owned, hard);
  else if (owned.kind === 'command') await runToEnd(owned);
  else removeFolder(owned.path);
}

/**
 * @param {OwnedProcess} owned
 * @param {() => boolean} [hard]
 */
async function endProcess(owned, hard = () => false) {
  if (!isAlive(owned)) return;
  // Taken while the tree is whole: what survives its parent belongs to no tree later.
  const tree = descendantsOf(owned.pid);
  const remains = () => isAlive(owned) || (owned.wholeTree === true && tree.some(isAlive));
  signalTo(owned.wholeTree === true ? -owned.pid : owned.pid, owned.signal);
  const graceEnds = performance.now() + owned.graceMs;
  while (remains() && performance.now() < graceEnds && !hard()) await sleep(POLL_MS);
  signalTo(-owned.pid, 'SIGKILL'); // a group outlives its leader, and keeps its number
  for (const one of tree) if (isAlive(one)) signalTo(one.pid, 'SIGKILL');
  const killEnds = performance.now() + KILL_WAIT_MS;
  const killed = () => isAlive(owned) || tree.some(isAlive);
  while (killed() && performance.now() < killEnds) await sleep(POLL_MS);
}

/**
 * @param {number} target
 * @param {NodeJS.Signals} signal
 */
export function signalTo(target, signal) {
  try {
    process.kill(target, signal);
  } catch {
    // Already gone.
  }
}

/**
 * @param {OwnedCommand} owned
 * @returns {Promise<void>}
 */
function runToEnd({ argv: [file = 'true', ...args], cwd }) {
  return new Promise((resolve) => {
    const child = spawn(file, args, { cwd, stdio: 'ignore', timeout: COMMAND_LIMIT_MS });
    child.on('error', () => resolve());
    child.on('close', () => resolve());
  });
}

/**
 * Only folders that a launcher makes for one run; a mistaken record must not remove anything else.
 * @param {string} path
 */
export function removeFolder(path) {
  const inDataFolder =
    basename(dirname(path)) === '.portcullis' && basename(path).startsWith('test-');
  const besideIt = /^portcullis-[0-9a-f]{12}-/.test(basename(path));
  if (inDataFolder || besideIt) rmSync(path, { recursive: true, force: true, maxRetries: 5 });
}
