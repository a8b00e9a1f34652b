/**
 * A client that asks again where the documents say that it may (docs/operations.md, "What a client asks again"), and
 * nowhere else.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, type Answer, type Ask } from '../faults/traffic/ask.ts';

/** Before each further try, unless the answer asks for more. Milliseconds. */
const PAUSES_MS = [1_000, 2_000, 4_000];
const WITHIN_MS = 10_000;

/** @param again how often it was asked again, for what */
export function patientAsk(again: Map<string, number>): Ask {
  return async (url, request) => {
    const until = performance.now() + WITHIN_MS;
    for (const pause of PAUSES_MS) {
      const answer = await ask(url, request);
      const why = mayAskAgain(answer);
      const wait = Math.max(pause, 1_000 * (answer.retryAfter ?? 0));
      if (why === undefined || performance.now() + wait > until) return answer;
      again.set(why, (again.get(why) ?? 0) + 1);
      await sleep(wait);
    }
    return await ask(url, request);
  };
}

/** @returns the kind of what may be over in a moment; undefined: the answer counts */
function mayAskAgain({ status, detail, retryAfter }: Answer): string | undefined {
  if (status === 503 && retryAfter !== undefined) return `503 ${detail}, with Retry-After`;
  return status === 0 && detail.includes('ECONNREFUSED') ? 'refused connection' : undefined;
}
