/** The generations below which tokens are dead, of a kind whose keys are few and have names. */
import type { NamedKind } from '@portcullis/snapshot/entries';
import type { KindStore } from './kind-store.ts';

/** How many one call of `evict` looks at. */
const SWEPT = 4_096;

interface Least {
  generation: number;
  moment: number;
}

export class NamedGenerations<Key extends string> implements KindStore {
  readonly #kind: NamedKind;
  readonly #isKey: (value: unknown) => value is Key;
  readonly #least = new Map<string, Least & { key: Key }>();
  readonly bytes = 0;
  /** Where the next call of `evict` goes on. */
  #sweep = this.#least.entries();

  constructor(kind: NamedKind, isKey: (value: unknown) => value is Key) {
    this.#kind = kind;
    this.#isKey = isKey;
  }

  get size(): number {
    return this.#least.size;
  }

  /** The least generation that still holds; 0 when there is no cut. */
  generation(key: string): number {
    return this.#least.get(key)?.generation ?? 0;
  }

  least(key: string): number {
    return this.generation(key);
  }

  /** Lowers nothing (SPEC.md I4). @returns whether that changed anything */
  raise(key: string, moment: number, generation: number): boolean {
    if (!this.#isKey(key)) throw new TypeError(`not the key of a ${this.#kind}`);
    const known = this.#least.get(key);
    if (known !== undefined && known.generation >= generation && known.moment >= moment) {
      return false;
    }
    this.#least.set(key, {
      key,
      generation: Math.max(known?.generation ?? 0, generation),
      moment: Math.max(known?.moment ?? 0, moment),
    });
    return true;
  }

  evict(now: number): void {
    for (let swept = 0; swept < SWEPT; swept += 1) {
      const { done, value } = this.#sweep.next();
      if (done) {
        this.#sweep = this.#least.entries();
        return;
      }
      const [key, { moment }] = value;
      if (moment <= now) this.#least.delete(key);
    }
  }

  *entries(): Generator<[key: Key, moment: number, generation: number], void, void> {
    for (const { key, moment, generation } of this.#least.values()) {
      yield [key, moment, generation];
    }
  }
}
