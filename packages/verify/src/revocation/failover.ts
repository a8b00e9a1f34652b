/**
 * Grants by two ways. The first way is asked first; when it gives no answer in half of the time, the
 * second gets the other half. Whichever answers, it is the same grant for the same question, counted
 * from the same moment: switching leaves no gap in freshness, either way.
 *
 * Pushes come by the first way alone: they are only speed.
 */
import type { RevocationFeed } from './feed.ts';

/** The part of a feed that asks. */
export type GrantSource = Pick<RevocationFeed, 'request'> & Pick<RevocationFeed, 'snapshot'>;

/** @param first where pushes come from too */
export function withFallback(first: RevocationFeed, second: GrantSource): RevocationFeed {
  const { snapshot } = second;
  return {
    open: async (listener, service) => await first.open(listener, service),
    async request(request, timeoutMs) {
      const half = timeoutMs / 2;
      const began = performance.now();
      try {
        return await first.request(request, half);
      } catch {
        return await second.request(request, timeoutMs - Math.min(half, performance.now() - began));
      }
    },
    ...(snapshot === undefined ? {} : { snapshot }),
    acknowledge: (acknowledgement) => first.acknowledge(acknowledgement),
    farewell: async (farewell) => await first.farewell(farewell),
    close: async () => await first.close(),
  };
}
