import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Does something, and ends no sooner than that many milliseconds after it has begun, in success and in
 * failure: for work whose duration would reveal a secret.
 */
export async function withMinimumDuration<T>(
  milliseconds: number,
  work: () => Promise<T>,
): Promise<T> {
  const [done] = await Promise.allSettled([work(), sleep(milliseconds)]);
  if (done.status === 'rejected') throw done.reason;
  return done.value;
}
