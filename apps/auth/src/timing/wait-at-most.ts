import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for the work, though no longer than that; it goes on, and its end is not waited for. */
export async function waitAtMost(milliseconds: number, work: Promise<unknown>): Promise<void> {
  const late = new AbortController();
  await Promise.race([work, sleep(milliseconds, undefined, { signal: late.signal })]);
  late.abort();
}
