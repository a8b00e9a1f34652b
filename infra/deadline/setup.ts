/**
 * Vitest's time limits are timers of the process that they limit: a file whose process is blocked, or
 * each of whose many tests waits for its own limit, goes on for hours. Here a thread of its own ends
 * the process of a file that takes far too long, and says first where it stands.
 */
import { relative } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeEach, expect } from 'vitest';
import type { Deadline } from './thread.mjs';

/** The slowest file takes a minute and a quarter on 2 cores. The full counts take as long as they take. */
const MINUTES = process.env['PORTCULLIS_TEST_LONG'] ? 90 : 10;

const { testPath = 'a test file', currentTestName } = expect.getState();
const workerData: Deadline = {
  file: relative(process.cwd(), testPath),
  afterMs: MINUTES * 60_000,
};
const thread = new Worker(new URL('thread.mjs', import.meta.url), {
  workerData,
  // Not what the tests themselves are run with.
  execArgv: [],
});
thread.unref();

function begins(what: string): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  thread.postMessage(what);
}

begins(currentTestName ?? 'to load');
beforeEach(({ task }) => begins(task.name));
afterAll(() => begins('to end'));
