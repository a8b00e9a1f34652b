/**
 * A map from 128-bit keys to moments of expiry, and in tables of cuts to generations as well, in typed
 * arrays.
 *
 * A key's hash gives it a place, and the directory says which segment has that place. What grows or
 * shrinks is one segment of some thousand entries, so that no call takes long however many there are.
 *
 * Invariants:
 *  - Every entry is in the segment that has its place, and in no other.
 *  - The answers are exact, for any keys and any seed. Speed alone relies on hashes being spread.
 *  - An entry is gone only after a sweep at or after its moment.
 */
import { Directory } from './directory.ts';
import { placeOf, PLACES } from './key.ts';
import { GENERATION, SparePages, TAIL, type Width } from './page.ts';
import { PAGE_HOMES, Segment, type Bounds } from './segment.ts';

/** The directory never has more pointers than this, or than one for so many entries. */
const FREE_POINTERS = 65_536;
const ENTRIES_PER_POINTER = 128;
/** So few entries are moved in one go when very many more are to come: a few milliseconds. */
const MOVED_AT_ONCE = 8_192;
/** What looking at a segment costs in which nothing is to be done, in slots. */
const PASSING_COST = 16;

export class IdTable {
  readonly #width: Width;
  /** A full segment of this many homes is split instead of enlarged. */
  readonly #splitHomes: number;
  /** Neighbours with fewer entries join: less than half of what splits them, lest they take turns. */
  readonly #joinCount: number;
  readonly #spares: SparePages;
  #directory: Directory;
  #size = 0;
  /** The place at which the next sweep begins. */
  #swept = 0;
  /** How many entries there will be; zero when that is not known. */
  #expected = 0;

  /**
   * Of a segment with more pages, one page more is a smaller part. While a large table grows at least
   * 7 homes in 10 are taken; of those of cuts, whose records are longer, 7 in 9.
   */
  constructor(width: Width) {
    const pages = width > GENERATION ? 16 : 8;
    this.#width = width;
    this.#splitHomes = pages * PAGE_HOMES;
    this.#joinCount = this.#splitHomes * 0.4;
    this.#spares = new SparePages((PAGE_HOMES + TAIL) * width, pages + 2);
    this.#directory = this.#empty(1);
  }

  get size(): number {
    return this.#size;
  }

  /** What the entries take, with all that is kept free for more. */
  get bytes(): number {
    let bytes = this.#directory.length * 8 + this.#spares.bytes;
    for (const [segment] of this.#directory.segments()) bytes += segment.bytes;
    return bytes;
  }

  /** Whether any key has this hash: almost always the answer to whether a key is there. */
  meets(hash: number): boolean {
    return this.#directory.at(placeOf(hash)).meets(hash);
  }

  has(key: Int32Array): boolean {
    return this.#directory.at(placeOf(key[0] ?? 0)).has(key);
  }

  /** @returns 0 when the key is absent */
  generation(key: Int32Array): number {
    return this.#directory.at(placeOf(key[0] ?? 0)).generation(key);
  }

  /**
   * Prepares a table that has few entries for many at once: it then has as many segments as it will
   * need, each of which grows to its size in one step. Zero: no more than usual. A table with more
   * entries grows as it always does.
   */
  expect(entries: number): void {
    this.#expected = 0;
    if (entries === 0 || this.#size > MOVED_AT_ONCE) return;
    this.#expected = this.#size + entries;
    let depth = 1;
    while (Segment.homesFor(this.#expected / 2 ** depth) > this.#splitHomes) depth += 1;
    const former = this.#directory;
    this.#directory = this.#empty(depth);
    this.#size = 0;
    this.#swept = 0;
    for (const [segment] of former.segments()) {
      for (const record of segment.records(0)) this.raise(record);
    }
  }

  /**
   * Adds the record, or raises the moment and generation of the one with its key to at least these.
   *
   * @param records has the record from `from` on; its moment is not zero
   * @returns whether that changed anything
   */
  raise(records: Int32Array, from = 0): boolean {
    const place = placeOf(records[from] ?? 0);
    for (;;) {
      const segment = this.#directory.at(place);
      switch (segment.raise(records, from)) {
        case 'added':
          this.#size += 1;
          return true;
        case 'raised':
          return true;
        case 'known':
          return false;
        case 'full':
          this.#makeRoom(segment, place);
      }
    }
  }

  /**
   * Goes on with letting go of what has expired, where the last call stopped, and with making smaller
   * what has become too large. Once round at most.
   *
   * @param now seconds since the epoch
   * @param slots how much to do, in slots read or written, about; a segment is done whole
   */
  sweep(now: number, slots: number): void {
    let left = slots;
    for (let passed = 0; passed < PLACES && left > 0;) {
      const place = this.#swept;
      this.#swept = this.#directory.after(place);
      passed += (this.#swept - place + PLACES) % PLACES;
      left -= this.#tidy(this.#directory.at(place), place, now);
      if (this.#swept === 0) this.#directory.trim();
    }
  }

  /**
   * The records of a segment at a time, until all have been given. What changes between two of them
   * may be there or not; what does not is there once.
   */
  *records(): Generator<Int32Array[], void, void> {
    for (const [segment, from] of this.#directory.segments()) {
      yield Array.from(segment.records(from), (record) => record.slice());
    }
  }

  #makeRoom(segment: Segment, place: number): void {
    const { depth, homes, count } = segment;
    const pointers = Math.max(FREE_POINTERS, this.#size / ENTRIES_PER_POINTER);
    if (homes < this.#splitHomes || 2 ** (depth + 1) > pointers) {
      const more = Math.max(segment.moreHomes, this.#homesExpected(depth));
      this.#directory.put(this.#made(segment, { depth, place, now: 0 }, more), place);
    } else {
      const each = Math.max(Segment.homesFor(count / 2), this.#homesExpected(depth + 1));
      const bit = 1 << (31 - depth);
      for (const half of [place & ~bit, place | bit]) {
        this.#directory.put(
          this.#made(segment, { depth: depth + 1, place: half, now: 0 }, each),
          half,
        );
      }
    }
    this.#spares.give(segment.pages);
  }

  /** What a segment will need in the end; zero when that is not known. */
  #homesExpected(depth: number): number {
    if (this.#expected === 0) return 0;
    return Math.min(this.#splitHomes, Segment.homesFor(this.#expected / 2 ** depth));
  }

  /**
   * Lets go of what has expired in the segment, joins it with its neighbour when both are rather
   * empty, or makes it smaller when it alone is.
   *
   * @returns the slots gone through
   */
  #tidy(segment: Segment, place: number, now: number): number {
    const { depth, homes, count, slots } = segment;
    const living = segment.living(now);
    // Not as small as can be, lest it grow again with the next entries.
    const enough = Math.min(homes, Segment.homesFor(living * 1.05));
    const joined = this.#joined(segment, place, now, living);
    if (joined === undefined && living === count && enough === homes) return PASSING_COST;
    const tidy = joined ?? this.#made(segment, { depth, place, now }, enough);
    this.#size -= count - living;
    this.#directory.put(tidy, place);
    this.#spares.give(segment.pages);
    return slots + tidy.slots;
  }

  /** The segment and its neighbour as one, without what has expired in the segment. */
  #joined(segment: Segment, place: number, now: number, living: number): Segment | undefined {
    const { depth } = segment;
    const neighbour = depth > 1 ? this.#directory.neighbour(segment, place) : undefined;
    if (neighbour === undefined || living + neighbour.count > this.#joinCount) return undefined;
    const homes = Segment.homesFor(living + neighbour.count);
    const joined = this.#made(segment, { depth: depth - 1, place, now }, homes);
    // There is room for all of it, if hashes are spread.
    if (!joined.absorb(neighbour)) return undefined;
    this.#spares.give(neighbour.pages);
    return joined;
  }

  #made(source: Segment, bounds: Bounds, homes: number): Segment {
    return Segment.from(source, bounds, homes, this.#spares);
  }

  #empty(depth: number): Directory {
    return new Directory(depth, () => Segment.empty(this.#width, depth));
  }
}
