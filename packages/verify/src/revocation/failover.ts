/**
 * Grants by two ways. The first way is asked first; when it has given no answer after a while, the
 * second is asked the same, and whichever answers first counts. It is the same grant for the same
 * question, counted from the same moment: switching leaves no gap in freshness, either way.
 *
 * Pushes come by the first way alone: they are only speed.
 */
import { demandFunctionIfGiven, demandMethods } from '@portcullis/contracts';
import { systemClock, type Clock } from '../clock.ts';
import { checkFeed } from './check-feed.ts';
import type { RevocationFeed } from './feed.ts';

/** The part of a feed that asks. */
export type GrantSource = Pick<RevocationFeed, 'request' | 'snapshot' | 'problems'>;

/** Of the time in which an answer is worth something: half of what a question is given until it is late. */
const HEAD_START = 1 / 6;

/**
 * @param first where pushes come from too
 * @throws TypeError that names the argument that cannot be meant
 */
export function withFallback(
  first: RevocationFeed,
  second: GrantSource,
  clock: Pick<Clock, 'monotonic' | 'after'> = systemClock,
): RevocationFeed {
  const of = 'withFallback';
  checkFeed(first, of, 'first');
  demandMethods(second, of, 'second', ['request']);
  demandMethods(clock, of, 'clock', ['monotonic', 'after']);
  const { snapshot } = second;
  demandFunctionIfGiven(snapshot, of, 'second.snapshot');
  return {
    open: async (listener, service) => await first.open(listener, service),
    async request(request, timeoutMs) {
      const began = clock.monotonic();
      const asked = first.request(request, timeoutMs);
      if (await answers(asked, timeoutMs * HEAD_START, clock)) return await asked;
      const left = timeoutMs - (clock.monotonic() - began);
      return await Promise.any([asked, second.request(request, left)]);
    },
    ...(snapshot === undefined ? {} : { snapshot }),
    problems: () => [...(first.problems?.() ?? []), ...(second.problems?.() ?? [])],
    acknowledge: (acknowledgement) => first.acknowledge(acknowledgement),
    deregister: async (deregister) => await first.deregister(deregister),
    close: async () => await first.close(),
  };
}

/** @returns false as soon as it has failed, and when there is no answer in that many milliseconds */
async function answers(
  asked: Promise<Uint8Array>,
  milliseconds: number,
  clock: Pick<Clock, 'after'>,
): Promise<boolean> {
  return await new Promise<boolean>((resolve) => {
    const timer = clock.after(milliseconds, () => resolve(false));
    const settle = (answered: boolean): void => {
      timer.cancel();
      resolve(answered);
    };
    asked.then(
      () => settle(true),
      () => settle(false),
    );
  });
}
