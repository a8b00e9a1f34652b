/** A token that holds says that the person exists; so the profile is here, or on its way, or deleted. */
import { Refusal, type UserId } from '@portcullis/contracts';
import type { Arrivals } from './arrivals.ts';
import type { Found, StoredProfile } from './profiles.ts';

/** For the event to arrive, in milliseconds. */
const WAIT_MS = 1_000;
/** Another instance may take the event, which wakes nobody here; so it is looked for meanwhile. */
const LOOK_AGAIN_MS = 200;
/** Seconds after which a client asks again. */
const RETRY_AFTER_S = 1;

export interface ExpectedProfile {
  id: UserId;
  look: () => Promise<Found>;
  arrivals: Arrivals;
  signal: AbortSignal;
}

/**
 * @throws Refusal `not_found` for a deleted person; `unavailable` when nothing is known after a
 *   second: not knowing is no answer, and least of all "there is none"; `overloaded` when too many
 *   wait already
 */
export async function expectProfile(expected: ExpectedProfile): Promise<StoredProfile> {
  const { id, look, arrivals, signal } = expected;
  const first = settle(await look());
  if (first !== undefined) return first;
  using listening = arrivals.listen(id);
  if (listening === undefined) throw new Refusal('overloaded', { retryAfter: RETRY_AFTER_S });
  const deadline = performance.now() + WAIT_MS;
  while (!signal.aborted) {
    const found = settle(await look());
    if (found !== undefined) return found;
    const left = deadline - performance.now();
    if (left <= 0) break;
    await listening.within(Math.min(left, LOOK_AGAIN_MS));
  }
  throw new Refusal('unavailable', { retryAfter: RETRY_AFTER_S });
}

function settle(found: Found): StoredProfile | undefined {
  if (found === 'deleted') throw new Refusal('not_found');
  return found;
}
