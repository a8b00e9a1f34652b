/**
 * argon2 in a thread of its own, which gives way to all that a request waits for. It gets jobs
 * together, does one at a time, and answers when all of them are done.
 */
import { readlinkSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { hash, verify } from './argon2.mjs';

/**
 * @typedef {{ password: string | Uint8Array, parameters: import('./argon2.mjs').Parameters }
 *   | { password: string, stored: string }} HashingJob
 * @typedef {{ done: string | boolean } | { failed: string }} HashingAnswer
 */

/**
 * A little less than the 0 of all others. With as many hashes as cores, the event loop of this process
 * and PostgreSQL on the same machine go first by it; and beside a neighbour who never stops, a hash
 * still gets two fifths of a core.
 */
const NICENESS = 2;

function giveWay() {
  try {
    // Linux gives each thread a priority of its own; elsewhere there is no such link.
    const thread = Number(readlinkSync('/proc/thread-self').split('/').at(-1));
    setPriority(thread, Math.max(NICENESS, getPriority(thread)));
  } catch {
    // Slower for all other threads, and right all the same.
  }
}

/**
 * @param {HashingJob} job
 * @returns {HashingAnswer}
 */
function answerTo(job) {
  try {
    return {
      done: 'stored' in job ? verify(job.stored, job.password) : hash(job.password, job.parameters),
    };
  } catch (error) {
    return { failed: error instanceof Error ? error.message : 'argon2 failed' };
  }
}

giveWay();
parentPort?.on('message', (/** @type {HashingJob[]} */ jobs) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort?.postMessage(jobs.map((job) => answerTo(job)));
});
