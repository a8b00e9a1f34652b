/** A token that holds says that the user exists; so the profile is here, or on its way, or deleted. */
import { Refusal, type UserId } from '@portcullis/contracts';
import type { ProfileWaiters } from './profile-waiters.ts';
import type { Found, StoredProfile } from './profiles.ts';

/** For the event to arrive, in milliseconds. */
const WAIT_MS = 1_000;
/** Another instance may take the event, which wakes no request here; so it is looked for meanwhile. */
const LOOK_AGAIN_MS = 200;
/** Seconds after which a client asks again. */
const RETRY_AFTER_S = 1;

export interface ExpectedProfile {
  id: UserId;
  look: () => Promise<Found>;
  waiters: ProfileWaiters;
  signal: AbortSignal;
}

/**
 * @throws Refusal `not_found` for a deleted user; `unavailable` when nothing is known after a
 *   second: not knowing is no answer, and least of all "there is none"; `overloaded` when too many
 *   wait already
 */
export async function expectProfile(expected: ExpectedProfile): Promise<StoredProfile> {
  const { id, look, waiters, signal } = expected;
  const first = settle(await look());
  if (first !== undefined) return first;
  using waiter = waiters.listen(id);
  if (waiter === undefined) throw new Refusal('overloaded', { retryAfter: RETRY_AFTER_S });
  const deadline = performance.now() + WAIT_MS;
  while (!signal.aborted) {
    const found = settle(await look());
    if (found !== undefined) return found;
    const left = deadline - performance.now();
    if (left <= 0) break;
    await waiter.within(Math.min(left, LOOK_AGAIN_MS));
  }
  throw new Refusal('unavailable', { retryAfter: RETRY_AFTER_S });
}

function settle(found: Found): StoredProfile | undefined {
  if (found === 'deleted') throw new Refusal('not_found');
  return found;
}
