// A pid alone identifies no process: the kernel gives it to another one after a while. Together with
// the moment at which the process started it is unique, and only such a pair may ever be signalled.
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';

/**
 * When the process started, as an opaque string; undefined when it is gone (a zombie is gone).
 * @param {number} pid
 * @returns {string | undefined}
 */
export function startOf(pid) {
  return process.platform === 'linux' ? startFromProc(pid) : startFromPs(pid);
}

/** @param {{ pid: number, start: string }} identity */
export function isAlive({ pid, start }) {
  return startOf(pid) === start;
}

/** Who this process is. */
export function self() {
  return { pid: process.pid, start: startOf(process.pid) ?? '' };
}

/**
 * @param {number} pid
 * @returns {number | undefined}
 */
export function parentOf(pid) {
  const fields = process.platform === 'linux' ? statFields(pid) : undefined;
  if (fields) return Number(fields[1]);
  const answer = ps(pid, 'ppid=');
  return answer ? Number(answer) : undefined;
}

/**
 * The processes below one, however deep.
 * @param {number} pid
 */
export function descendantsOf(pid) {
  /** @type {Map<number, number[]>} */
  const children = new Map();
  for (const [child, parent] of parents()) {
    children.set(parent, [...(children.get(parent) ?? []), child]);
  }
  /** @type {{ pid: number, start: string }[]} */
  const found = [];
  const open = [pid];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const child of children.get(next) ?? []) {
      const start = startOf(child);
      if (start !== undefined) found.push({ pid: child, start });
      open.push(child);
    }
  }
  return found;
}

/** @returns {[number, number][]} every process with its parent */
function parents() {
  if (process.platform === 'linux') {
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    return pids.map((name) => [Number(name), Number(statFields(Number(name))?.[1] ?? 0)]);
  }
  const rows = execFileSync('ps', ['-axo', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
  return rows.map((row) => {
    const [pid = 0, parent = 0] = row.trim().split(/\s+/).map(Number);
    return [pid, parent];
  });
}

/** @param {number} pid */
function startFromProc(pid) {
  const fields = statFields(pid);
  if (!fields || fields[0] === 'Z' || fields[0] === 'X') return undefined;
  return `${bootId()}-${fields[19]}`; // starttime, in ticks since that boot: proc(5)
}

/** @param {number} pid */
function startFromPs(pid) {
  const answer = ps(pid, 'stat=,lstart=');
  return answer && !answer.startsWith('Z') ? answer.replace(/^\S+\s+/, '') : undefined;
}

/**
 * The fields of /proc/<pid>/stat from "state" on; the command's name before it may hold anything.
 * @param {number} pid
 */
function statFields(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

/** @type {string | undefined} */
let boot;
function bootId() {
  try {
    boot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8);
  } catch {
    boot = 'boot';
  }
  return boot;
}

/**
 * @param {number} pid
 * @param {string} columns
 */
function ps(pid, columns) {
  try {
    const stdio = /** @type {const} */ (['ignore', 'pipe', 'ignore']);
    return execFileSync('ps', ['-o', columns, '-p', String(pid)], {
      encoding: 'utf8',
      stdio: [...stdio],
    }).trim();
  } catch {
    return undefined;
  }
}
