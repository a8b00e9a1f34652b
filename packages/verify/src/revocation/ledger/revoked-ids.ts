/**
 * The revocations of one kind whose keys are identifiers: a table of them, and the way into it. What is
 * not a canonical identifier with the prefix of the kind is simply absent.
 */
import { decodeId, ID_KINDS, lastBitsOf, type IdKind } from '@portcullis/snapshot/entries';
import { IdTable } from './id-table.ts';
import { hashOf, toKey } from './key.ts';
import type { KindStore } from './kind-store.ts';
import { GENERATION, MOMENT, RECORD_WORDS } from './page.ts';

/** How many slots one call of `evict` goes through: well under a millisecond's work. */
const SWEPT_SLOTS = 65_536;
/** Of a larger table this part, so that it comes round after some 80 calls however large it is. */
const SWEPT_PART = 1 / 64;

export type AnyRevokedIds = { [K in IdKind]: RevokedIds<K> }[IdKind];

export class RevokedIds<K extends IdKind> implements KindStore {
  readonly kind: K;
  /** 32 bits that decide where in memory an entry lies, and nothing else. */
  readonly seed: number;
  readonly #prefix: (typeof ID_KINDS)[K]['prefix'];
  readonly #table: IdTable;
  /** The one that is being looked up or added: a record, of which a look-up needs the key alone. */
  readonly #record = new Int32Array(RECORD_WORDS);

  constructor(kind: K, seed: number) {
    const { prefix, hasGeneration } = ID_KINDS[kind];
    this.kind = kind;
    this.seed = seed;
    this.#prefix = prefix;
    this.#table = new IdTable(hasGeneration ? 6 : 5);
  }

  get size(): number {
    return this.#table.size;
  }

  /** What they take in memory. */
  get bytes(): number {
    return this.#table.bytes;
  }

  has(id: string): boolean {
    return this.#mayHold(id) && this.#read(id) && this.#table.has(this.#record);
  }

  /** The least generation that still holds; 0 when there is no cut. */
  generation(id: string): number {
    return this.#mayHold(id) && this.#read(id) ? this.#table.generation(this.#record) : 0;
  }

  least(id: string): number {
    if (ID_KINDS[this.kind].hasGeneration) return this.generation(id);
    return this.has(id) ? Number.POSITIVE_INFINITY : 0;
  }

  raise(id: string, moment: number, generation = 0): boolean {
    if (!this.#read(id)) throw new TypeError(`not the key of a ${this.kind}`);
    this.#record[MOMENT] = moment;
    this.#record[GENERATION] = generation;
    return this.#table.raise(this.#record);
  }

  /**
   * @param records one after the other, as a snapshot's are once they are keys
   * @returns whether that changed anything
   */
  raiseAll(records: Int32Array): boolean {
    let changed = false;
    for (let at = 0; at < records.length; at += RECORD_WORDS) {
      if (this.#table.raise(records, at)) changed = true;
    }
    return changed;
  }

  /** Prepares for many at once; zero: no more than usual. */
  expect(entries: number): void {
    this.#table.expect(entries);
  }

  /** Lets go of some of what has expired; goes on with more at the next call. */
  evict(now: number): void {
    this.#table.sweep(now, Math.max(SWEPT_SLOTS, this.#table.size * SWEPT_PART));
  }

  /** Those of a part of the table at a time, with keys in place of identifiers. */
  records(): Iterable<Int32Array[]> {
    return this.#table.records();
  }

  /** A first look, with the end of the text alone, that says no to almost all that are not held. */
  #mayHold(id: string): boolean {
    return this.#table.size > 0 && this.#table.meets(hashOf(lastBitsOf(id), this.seed));
  }

  #read(id: string): boolean {
    if (!decodeId(id, this.#prefix, this.#record)) return false;
    toKey(this.#record, this.seed);
    return true;
  }
}
