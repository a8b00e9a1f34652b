// A lock between processes, in a folder.
//
// Invariant: at most one live process holds it. Each contender first announces itself with a file of
// its own and only then looks at the others; it holds the lock only if no other live contender is
// there. Of two that come at once, the one that looks later sees the other. So both may back off (and
// try again), but both can never hold. A file whose process is dead counts for nothing, and any process
// may remove it: its name carries the pid and the start time, so it can never be reused.
import {
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, self } from './process-identity.mjs';

/**
 * @typedef {{ pid: number, start: string, held: boolean, note: string }} Announcement
 * @typedef {{ release(): void }} Lock
 */

/** Another live process holds the lock. */
export class LockHeld extends Error {
  /** @param {Announcement} holder */
  constructor(holder) {
    super(`held by process ${holder.pid}`);
    this.holder = holder;
  }
}

/** Longest time that contenders who met each other go on trying, in milliseconds. */
const CONTEND_MS = 5_000;

/**
 * @param {string} folder
 * @param {{ waitMs?: number, note?: string }} [options] how long to wait for a live holder (not at all
 *   by default), and what to write to those that find the lock held
 * @returns {Promise<Lock>}
 * @throws {LockHeld}
 */
export async function acquireLock(folder, { waitMs = 0, note = '' } = {}) {
  const me = { ...self(), held: false, note };
  const deadline = performance.now() + waitMs;
  const contendUntil = performance.now() + Math.max(waitMs, CONTEND_MS);
  for (;;) {
    announce(folder, me);
    const others = liveOthers(folder, me);
    if (others.length === 0) {
      announce(folder, { ...me, held: true });
      return { release: () => withdraw(folder, me) };
    }
    withdraw(folder, me);
    const holder = others.find((other) => other.held);
    if (holder && performance.now() >= deadline) throw new LockHeld(holder);
    if (performance.now() >= contendUntil) throw new LockHeld(others[0] ?? me);
    await sleep(20 + Math.random() * 150);
  }
}

/** @param {Announcement} me */
const fileOf = (me) => `${me.pid}-${me.start.replace(/[^\w-]/g, '_')}.json`;

/**
 * @param {string} folder
 * @param {Announcement} me
 */
function announce(folder, me) {
  const draft = join(folder, `.${fileOf(me)}`);
  for (let attempt = 1; ; attempt++) {
    mkdirSync(folder, { recursive: true });
    try {
      writeFileSync(draft, JSON.stringify(me));
      renameSync(draft, join(folder, fileOf(me))); // never seen half written
      return;
    } catch (error) {
      // A holder that left just now may have removed the empty folder in between.
      if (attempt === 10) throw error;
    }
  }
}

/**
 * @param {string} folder
 * @param {Announcement} me
 */
function withdraw(folder, me) {
  rmSync(join(folder, fileOf(me)), { force: true });
  try {
    rmdirSync(folder);
  } catch {
    // Not empty: another contender is here.
  }
}

/**
 * @param {string} folder
 * @param {Announcement} me
 * @returns {Announcement[]}
 */
function liveOthers(folder, me) {
  /** @type {Announcement[]} */
  const live = [];
  for (const name of readdirSync(folder)) {
    if (name === fileOf(me) || !/^\d.*\.json$/.test(name)) continue;
    const other = read(join(folder, name));
    if (other && isAlive(other)) live.push(other);
    else rmSync(join(folder, name), { force: true });
  }
  return live;
}

/**
 * @param {string} file
 * @returns {Announcement | undefined}
 */
function read(file) {
  try {
    const parsed = JSON.parse(readFileSync(file, 'utf8'));
    return typeof parsed.pid === 'number' && typeof parsed.start === 'string' ? parsed : undefined;
  } catch {
    return undefined;
  }
}
