/** The generations below which tokens are dead, of a kind whose keys are few and have names. */
import { FOR_EVER, type NamedKind, type SnapshotBlock } from '@portcullis/snapshot';
import type { KindStore } from './kind-store.ts';
import { mergeNamed } from './merge-named.ts';

interface Least {
  generation: number;
  moment: number;
}

export class NamedGenerations<Key extends string> implements KindStore {
  readonly #kind: NamedKind;
  readonly #isKey: (value: unknown) => value is Key;
  readonly #least = new Map<string, Least & { key: Key }>();
  readonly bytes = 0;
  /** No entry expires before. */
  #earliest = FOR_EVER;

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

  raise(key: string, moment: number, generation: number): boolean {
    if (!this.#isKey(key)) throw new TypeError(`not the key of a ${this.#kind}`);
    const known = this.#least.get(key);
    if (known !== undefined && known.generation >= generation && known.moment >= moment) {
      return false;
    }
    if (moment < this.#earliest) this.#earliest = moment;
    this.#least.set(key, {
      key,
      generation: Math.max(known?.generation ?? 0, generation),
      moment: Math.max(known?.moment ?? 0, moment),
    });
    return true;
  }

  *merge(blocks: readonly SnapshotBlock[]): Generator<boolean, void, void> {
    yield* mergeNamed(this, this.#kind, blocks);
  }

  evict(now: number): void {
    if (now < this.#earliest) return;
    this.#earliest = FOR_EVER;
    for (const [key, { moment }] of this.#least) {
      if (moment <= now) this.#least.delete(key);
      else if (moment < this.#earliest) this.#earliest = moment;
    }
  }

  *entries(): Generator<[key: Key, moment: number, generation: number], void, void> {
    for (const { key, moment, generation } of this.#least.values()) {
      yield [key, moment, generation];
    }
  }
}
