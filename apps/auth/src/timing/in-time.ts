import type { Clock, Timer } from '@portcullis/verify';

/**
 * What the work resolves to, if it does so in time. Otherwise it goes on, and its end is not waited for.
 *
 * @returns undefined when it is late
 */
export async function inTime<T>(
  clock: Pick<Clock, 'after'>,
  milliseconds: number,
  work: Promise<T>,
): Promise<T | undefined> {
  let timer: Timer | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = clock.after(milliseconds, () => resolve(undefined));
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    timer?.cancel();
  }
}
