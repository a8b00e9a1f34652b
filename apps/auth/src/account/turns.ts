import { Refusal } from '@portcullis/contracts';

const RETRY_AFTER_S = 2;

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
    throw new Refusal('overloaded', { retryAfter: RETRY_AFTER_S });
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
