/** What somebody else waits for meanwhile: one question after the other, with a pause in between. */
import { setTimeout as sleep } from 'node:timers/promises';

const PAUSE_MS = 100;

/**
 * Asks until told to stop.
 *
 * @param ask throws when the answer is not the one that it has to be
 * @returns stops, and gives the milliseconds that each answer took
 */
export function keepAsking(ask: () => Promise<void>): () => Promise<number[]> {
  const times: number[] = [];
  let stopped = false;
  const stillAsked = (): boolean => !stopped;
  const asking = (async () => {
    while (stillAsked()) {
      const begun = performance.now();
      await ask();
      times.push(performance.now() - begun);
      await sleep(PAUSE_MS);
    }
  })();
  return async () => {
    stopped = true;
    await asking;
    return times;
  };
}
