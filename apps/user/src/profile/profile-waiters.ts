/**
 * Lets a request wait for the profile of a user who registered a moment ago: the event that brings it
 * is on its way, and the user should not get "not found".
 */
import type { UserId } from '@portcullis/contracts';

/** Requests that may wait at once; one more is asked to come back. */
const MAX_WAITING = 1_000;

export class ProfileWaiters {
  readonly #waiting = new Map<UserId, Set<() => void>>();
  #count = 0;

  /** Wakes all requests that wait for this user. */
  announce(id: UserId): void {
    for (const wake of this.#waiting.get(id) ?? []) wake();
  }

  /**
   * Listens from now on, so that an arrival between a look and the wait is not missed.
   *
   * @returns undefined when too many wait already
   */
  listen(id: UserId): ProfileWaiter | undefined {
    if (this.#count >= MAX_WAITING) return undefined;
    this.#count += 1;
    let wake: () => void = () => undefined;
    let arrived = new Promise<void>((resolve) => {
      wake = resolve;
    });
    const listener = () => wake();
    const listeners = this.#waiting.get(id) ?? new Set();
    listeners.add(listener);
    this.#waiting.set(id, listeners);
    return {
      async within(milliseconds) {
        let timer: NodeJS.Timeout | undefined;
        const late = new Promise<void>((resolve) => {
          timer = setTimeout(resolve, milliseconds);
        });
        await Promise.race([arrived, late]);
        clearTimeout(timer);
        arrived = new Promise<void>((resolve) => {
          wake = resolve;
        });
      },
      [Symbol.dispose]: () => {
        this.#count -= 1;
        listeners.delete(listener);
        if (listeners.size === 0 && this.#waiting.get(id) === listeners) this.#waiting.delete(id);
      },
    };
  }
}

export interface ProfileWaiter extends Disposable {
  /** Resolves at the next arrival, or after this many milliseconds. */
  within(milliseconds: number): Promise<void>;
}
