import { randomInt } from 'node:crypto';
import { Refusal } from '@portcullis/contracts';

/**
 * Seconds; each gets another number between. What waits is gone after the first, and those who were
 * refused together do not come back together. Each who comes too early takes time from those within.
 */
const RETRY_AFTER_S = { least: 2, most: 6 };

/** First come, first served, with a bound on how much runs and on how much waits. */
export class Turns {
  readonly #places: number;
  readonly #mostWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

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

  /** @throws Refusal `overloaded` when `take` would throw it now */
  refuseIfFull(): void {
    if (this.#running < this.#places || this.#waiting.length < this.#mostWaiting) return;
    const { least, most } = RETRY_AFTER_S;
    throw new Refusal('overloaded', { retryAfter: randomInt(least, most + 1) });
  }

  /** @throws Refusal `overloaded`, at once, when too much waits already */
  async take<T>(work: () => Promise<T>): Promise<T> {
    this.refuseIfFull();
    if (this.#running < this.#places) {
      this.#running += 1;
    } else {
      // Whoever is done hands over its place, so the number of those that run does not change.
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
