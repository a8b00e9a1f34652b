import { randomInt } from 'node:crypto';
import { Refusal } from '@portcullis/contracts';

/**
 * Seconds; each gets another number between. What waits is gone before the first is back, and those
 * who were refused together do not come back together. Each who comes too early takes time from those
 * within.
 */
const RETRY_AFTER_S = { least: 4, most: 10 };

/**
 * First come, first served, with a bound on how much runs and on how much waits.
 *
 * Invariant: what is at the door, waits and runs is never more than there are places to run and to
 * wait; so work that was let through the door is not refused any more.
 */
export class AdmissionQueue {
  readonly #places: number;
  readonly #mostWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #inPrecheck = 0;

  constructor(places: number, mostWaiting: number) {
    this.#places = places;
    this.#mostWaiting = mostWaiting;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** @throws Refusal `overloaded`, at once, when too much waits already */
  async run<T>(work: () => Promise<T>): Promise<T> {
    this.#refuseIfFull();
    return await this.#run(work);
  }

  /**
   * The same for work that has to pass a door first, which may refuse it. At the door it has a place
   * already: work without a place is not even looked at, and work that the door refuses kept no other
   * waiting.
   *
   * @throws Refusal `overloaded`, at once, when too much waits already; and what the door throws
   */
  async runAfter<D, T>(door: () => Promise<D>, work: (admitted: D) => Promise<T>): Promise<T> {
    this.#refuseIfFull();
    this.#inPrecheck += 1;
    let admitted: D;
    try {
      admitted = await door();
    } finally {
      this.#inPrecheck -= 1;
    }
    return await this.#run(() => work(admitted));
  }

  #refuseIfFull(): void {
    const inside = this.#inPrecheck + this.#waiting.length + this.#running;
    if (inside < this.#places + this.#mostWaiting) return;
    const { least, most } = RETRY_AFTER_S;
    throw new Refusal('overloaded', { retryAfter: randomInt(least, most + 1) });
  }

  async #run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running < this.#places) {
      this.#running += 1;
    } else {
      // Work that is done hands over its place, so the number of running ones does not change.
      await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    }
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
