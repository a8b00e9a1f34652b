import type { Clock, Timer } from '@portcullis/verify';

/**
 * Does something again and again, that long after it was last done; never twice at once. A failure is
 * reported and passes.
 *
 * @returns how to stop that; it waits for what is under way
 */
export function repeat(
  clock: Pick<Clock, 'after'>,
  milliseconds: number,
  work: () => Promise<void>,
  failed: (error: unknown) => void,
): () => Promise<void> {
  let running: Promise<void> = Promise.resolve();
  let stopped = false;
  let timer: Timer;

  function wait(): void {
    timer = clock.after(milliseconds, () => {
      running = work()
        .catch(failed)
        .finally(() => {
          if (!stopped) wait();
        });
    });
  }

  wait();
  return async () => {
    stopped = true;
    timer.cancel();
    await running;
  };
}
