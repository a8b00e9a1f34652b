import type { Id } from '@portcullis/contracts';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** Everything that is left to chance, from one seed. mulberry32: small, fast, and no secret. */
export class Random {
  readonly #made = new Map<string, number>();
  #state: number;

  constructor(seed: number) {
    this.#state = Math.imul(seed, 0x9e3779b1) >>> 0;
  }

  /** In [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    const state = this.#state;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /** A whole number below `bound`. */
  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** @throws RangeError when there is nothing to choose from */
  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new RangeError('nothing to choose from');
    return item;
  }

  /** A stream of its own, so that asking one more question here changes no answer there. */
  fork(): Random {
    return new Random(this.below(2 ** 32));
  }

  /**
   * A new identifier. Its first ten characters count, where real ones have the time; so they sort by
   * their making too, and can be named in a trace.
   */
  id<P extends string>(prefix: P): Id<P> {
    const count = (this.#made.get(prefix) ?? 0) + 1;
    this.#made.set(prefix, count);
    let body = count.toString().padStart(10, '0');
    for (let place = 10; place < 26; place += 1) body += ALPHABET.charAt(this.below(32));
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- prefix, underscore, and 26 of the alphabet
    return `${prefix}_${body}` as Id<P>;
  }
}

const SEEDED_ID = /\b([a-z]{3})_(0\d{9})[0-9a-z]{16}\b/g;

/** `evt_0000000012…` → `evt-12`. */
export function shortened(text: string): string {
  return text.replace(
    SEEDED_ID,
    (_, prefix: string, count: string) => `${prefix}-${Number(count)}`,
  );
}
