/**
 * The revocations of one kind whose keys are identifiers: a table of them, and the way in and out of
 * it. What is not a canonical identifier with the prefix of the kind is simply absent.
 */
import type { Id } from '@portcullis/contracts';
import {
  decodeId,
  encodeId,
  ID_KINDS,
  lastBitsOf,
  type IdBlock,
  type IdKind,
  type SnapshotBlock,
} from '@portcullis/snapshot';
import { byPlace, RECORD_WORDS } from './by-place.ts';
import { IdTable } from './id-table.ts';
import { fromKey, hashOf, toKey } from './key.ts';
import type { KindStore } from './kind-store.ts';
import { GENERATION, MOMENT, type Width } from './page.ts';

/** How many slots one call of `evict` goes through: well under a millisecond's work. */
const SWEPT_SLOTS = 65_536;
/** Of a larger table this part, so that it comes round after some 80 calls however large it is. */
const SWEPT_PART = 1 / 64;

/** How many blocks of a snapshot are put in order together: about a million entries, in 24 MB. */
const BLOCKS_AT_ONCE = 128;

type Prefix<K extends IdKind> = (typeof ID_KINDS)[K]['prefix'];

export class RevokedIds<K extends IdKind> implements KindStore {
  readonly #kind: K;
  readonly #prefix: Prefix<K>;
  readonly #width: Width;
  readonly #seed: number;
  readonly #table: IdTable;
  /** The one that is being looked up or added: a record, of which a look-up needs the key alone. */
  readonly #record = new Int32Array(RECORD_WORDS);

  /** @param seed 32 bits that decide where in memory an entry lies, and nothing else */
  constructor(kind: K, seed: number) {
    this.#kind = kind;
    this.#prefix = ID_KINDS[kind].prefix;
    this.#width = ID_KINDS[kind].hasGeneration ? 6 : 5;
    this.#seed = seed;
    this.#table = new IdTable(this.#width);
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
    if (ID_KINDS[this.#kind].hasGeneration) return this.generation(id);
    return this.has(id) ? Number.POSITIVE_INFINITY : 0;
  }

  raise(id: string, moment: number, generation = 0): boolean {
    if (!this.#read(id)) throw new TypeError(`not the key of a ${this.#kind}`);
    this.#record[MOMENT] = moment;
    this.#record[GENERATION] = generation;
    return this.#table.raise(this.#record);
  }

  *merge(blocks: readonly SnapshotBlock[]): Generator<boolean, void, void> {
    const own = blocks.filter((block): block is IdBlock => block.kind === this.#kind);
    this.#table.expect(own.reduce((entries, { count }) => entries + count, 0));
    for (let first = 0; first < own.length; first += BLOCKS_AT_ONCE) {
      for (const records of byPlace(own.slice(first, first + BLOCKS_AT_ONCE), this.#seed)) {
        yield this.#raiseAll(records);
      }
    }
    this.#table.expect(0);
  }

  /** Lets go of some of what has expired; goes on with more at the next call. */
  evict(now: number): void {
    this.#table.sweep(now, Math.max(SWEPT_SLOTS, this.#table.size * SWEPT_PART));
  }

  /** Identifier, moment and generation of each. */
  *entries(): Generator<[id: Id<Prefix<K>>, moment: number, generation: number], void, void> {
    for (const records of this.#table.records()) {
      for (const record of records) {
        const moment = (record[MOMENT] ?? 0) >>> 0;
        const generation = this.#width > GENERATION ? (record[GENERATION] ?? 0) : 0;
        fromKey(record, this.#seed);
        yield [encodeId(this.#prefix, record), moment, generation];
      }
    }
  }

  #raiseAll(records: Int32Array): boolean {
    let changed = false;
    for (let at = 0; at < records.length; at += RECORD_WORDS) {
      if (this.#table.raise(records, at)) changed = true;
    }
    return changed;
  }

  /** A first look, with the end of the text alone, that says no to almost all that are not held. */
  #mayHold(id: string): boolean {
    return this.#table.size > 0 && this.#table.meets(hashOf(lastBitsOf(id), this.#seed));
  }

  #read(id: string): boolean {
    if (!decodeId(id, this.#prefix, this.#record)) return false;
    toKey(this.#record, this.#seed);
    return true;
  }
}
