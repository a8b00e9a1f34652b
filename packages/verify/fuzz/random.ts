/** Choices that one seed decides. */
import { seededRandom } from '@portcullis/testkit';

export class Random {
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = seededRandom(seed);
  }

  /** A whole number below `bound`. */
  below(bound: number): number {
    return Math.floor(this.#next() * bound);
  }

  /** Whether something comes to pass that does so with this probability. */
  chance(probability: number): boolean {
    return this.#next() < probability;
  }

  /** @throws RangeError when there is nothing to choose from */
  pick<T>(from: readonly T[]): T {
    for (const chosen of from.slice(this.below(from.length))) return chosen;
    throw new RangeError('nothing to choose from');
  }
}
