import { seededRandom } from '@portcullis/testkit';
import { createHash } from 'node:crypto';

/** Choices that a seed repeats. */
export class Random {
  readonly #next: () => number;

  /** @param purpose one seed gives other choices for another purpose */
  constructor(seed: number, purpose: string) {
    const hash = createHash('sha256').update(`${seed} ${purpose}`).digest();
    this.#next = seededRandom(hash.readUInt32LE());
  }

  /** In [from, to). */
  between(from: number, to: number): number {
    return from + this.#next() * (to - from);
  }

  chance(probability: number): boolean {
    return this.#next() < probability;
  }

  /** @throws RangeError for an empty list */
  pick<T>(list: readonly T[]): T {
    const [chosen] = list.slice(Math.floor(this.#next() * list.length));
    if (chosen === undefined) throw new RangeError('nothing to choose from');
    return chosen;
  }

  shuffled<T>(list: readonly T[]): T[] {
    return list
      .map((value) => ({ value, place: this.#next() }))
      .toSorted((a, b) => a.place - b.place)
      .map(({ value }) => value);
  }
}
