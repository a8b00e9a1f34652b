/** A part that stands still must not hold the client for ever: after a while, not knowing is the answer. */
import { Refusal } from '@portcullis/contracts';
import { MAX_HANDLING_MS } from './bounds.ts';

/** @throws Refusal `unavailable` when the work takes too long; it goes on, and its end is not waited for */
export async function withinBound<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const cause = new Error(`no answer in ${MAX_HANDLING_MS} ms`);
      reject(new Refusal('unavailable', { cause, retryAfter: 1 }));
    }, MAX_HANDLING_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
