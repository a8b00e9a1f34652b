/**
 * A part of a table: all entries whose places begin with the same `depth` bits, on pages.
 *
 * Its homes are those of its pages, one page after the other. There is one page, which doubles, until
 * it has the usual size; then one more at a time. Entries stand in ascending order of their hashes from
 * the first page to the last, and each on the page of its home; see page.ts for the order on a page.
 *
 * Entries are added in place. For everything else, growing, shrinking, splitting and letting go of
 * what has expired, another segment is made: one pass over the entries in their order, which lays them
 * down in the same order, and leaves out those that do not belong.
 */
import { FOR_EVER } from '@portcullis/snapshot/entries';
import { placeOf } from './key.ts';
import {
  GENERATION,
  insert,
  locate,
  meets,
  MOMENT,
  raiseAt,
  TAIL,
  type Page,
  type SparePages,
  type Width,
} from './page.ts';

/** A page of the usual size. A smaller one is the only one. */
export const PAGE_HOMES = 2_048;
const LEAST_HOMES = 64;
/** Homes are found by 16 bits of the hash. */
const MOST_HOMES = 0x1_0000;
/** As many slots at the end of each page are free after laying down anew, so that it makes room. */
const SPARE = 8;

/** The entries of a segment that another one is made of. */
export interface Bounds {
  /** Those whose places agree in so many bits … */
  depth: number;
  /** … with this one. */
  place: number;
  /** Those that have not expired then, in seconds since the epoch. */
  now: number;
}

export type Raised = 'added' | 'raised' | 'known' | 'full';

export class Segment {
  readonly width: Width;
  readonly depth: number;
  readonly homes: number;
  readonly pages: readonly Page[];
  readonly #homesBits: number;
  #count = 0;
  /** No entry expires before. */
  #earliest = FOR_EVER;

  private constructor(width: Width, depth: number, homes: number, pages: readonly Page[]) {
    this.width = width;
    this.depth = depth;
    this.homes = homes;
    this.pages = pages;
    this.#homesBits = 31 - Math.clz32(homes / pages.length);
  }

  static empty(width: Width, depth: number): Segment {
    const page = new Int32Array((LEAST_HOMES + TAIL) * width);
    return new Segment(width, depth, LEAST_HOMES, [page]);
  }

  /** What of the source is in these bounds, on other pages. */
  static from(source: Segment, bounds: Bounds, homes: number, spares: SparePages): Segment {
    const { width } = source;
    const size = Math.min(homes, PAGE_HOMES);
    // Doubling is for keys that all but agree in their hashes, which chance does not make.
    for (let tail = TAIL; ; tail *= 2) {
      const length = (size + tail) * width;
      const pages = Array.from({ length: homes / size }, () => spares.take(length));
      const segment = new Segment(width, bounds.depth, homes, pages);
      if (segment.#take(source, bounds)) return segment;
    }
  }

  /** The least homes that so many entries do not fill beyond four in five. */
  static homesFor(count: number): number {
    const homes = count * 1.25;
    if (homes > PAGE_HOMES) return Math.min(MOST_HOMES, Math.ceil(homes / PAGE_HOMES) * PAGE_HOMES);
    return Math.max(LEAST_HOMES, 2 ** Math.ceil(Math.log2(homes)));
  }

  /** The next size. */
  get moreHomes(): number {
    return Math.min(MOST_HOMES, this.homes + Math.min(this.homes, PAGE_HOMES));
  }

  get count(): number {
    return this.#count;
  }

  get slots(): number {
    return (this.pages.length * this.#page(0).length) / this.width;
  }

  get bytes(): number {
    return this.pages.length * this.#page(0).byteLength;
  }

  /** Whether any key has this hash: almost always the answer to whether a key is there. */
  meets(hash: number): boolean {
    const home = homeOf(hash, this.homes);
    return meets(this.#page(home >>> this.#homesBits), this.width, this.#wordOf(home), hash);
  }

  has(key: Int32Array): boolean {
    const home = homeOf(key[0] ?? 0, this.homes);
    const page = this.#page(home >>> this.#homesBits);
    return locate(page, this.width, this.#wordOf(home), key, 0) >= 0;
  }

  /** @returns 0 when the key is absent */
  generation(key: Int32Array): number {
    const home = homeOf(key[0] ?? 0, this.homes);
    const page = this.#page(home >>> this.#homesBits);
    const at = locate(page, this.width, this.#wordOf(home), key, 0);
    return at < 0 ? 0 : (page[at + GENERATION] ?? 0);
  }

  /**
   * Adds the record, or raises the one with its key to at least what it says; or changes nothing, when
   * this segment is full.
   *
   * @param records has the record from `from` on
   */
  raise(records: Int32Array, from: number): Raised {
    const { width } = this;
    const home = homeOf(records[from] ?? 0, this.homes);
    const page = this.#page(home >>> this.#homesBits);
    const at = locate(page, width, this.#wordOf(home), records, from);
    if (at >= 0) return raiseAt(page, width, at, records, from) ? 'raised' : 'known';
    // Seven homes in eight may be taken.
    const full = this.#count * 8 >= this.homes * 7 && this.homes < MOST_HOMES;
    if (full || !insert(page, width, ~at, records, from)) return 'full';
    this.#count += 1;
    const moment = (records[from + MOMENT] ?? 0) >>> 0;
    if (moment < this.#earliest) this.#earliest = moment;
    return 'added';
  }

  /** How many have not expired at `now`, in seconds since the epoch. */
  living(now: number): number {
    if (this.#earliest > now) return this.#count;
    let living = 0;
    for (const page of this.pages) {
      for (let at = MOMENT; at < page.length; at += this.width) {
        if ((page[at] ?? 0) >>> 0 > now) living += 1;
      }
    }
    return living;
  }

  /** Takes in all entries of another. @returns false when there is no room; this one is then unfit */
  absorb(other: Segment): boolean {
    for (const record of other.records(0)) {
      if (this.raise(record, 0) === 'full') return false;
    }
    return true;
  }

  /** Records whose places are `first` or later, as they are now. */
  *records(first: number): Generator<Int32Array, void, void> {
    for (const page of this.pages) {
      for (let at = 0; at < page.length; at += this.width) {
        if (page[at + MOMENT] === 0 || placeOf(page[at] ?? 0) < first) continue;
        yield page.subarray(at, at + this.width);
      }
    }
  }

  /**
   * Lays down what is in these bounds on its empty pages, each at its home or the next free slot.
   *
   * @returns false when it does not fit; this one is then unfit
   */
  #take(source: Segment, { depth, place, now }: Bounds): boolean {
    const { width, homes } = this;
    const bits = this.#homesBits;
    // At the same depth no bit distinguishes them.
    const mask = source.depth === depth ? 0 : -1 << (32 - depth);
    const prefix = place & mask;
    let count = 0;
    let earliest = FOR_EVER;
    let number = 0;
    let target = this.#page(0);
    let next = 0;
    for (const page of source.pages) {
      for (let at = 0; at < page.length; at += width) {
        const moment = (page[at + MOMENT] ?? 0) >>> 0;
        if (moment <= now) continue; // an empty slot's is zero
        const hash = page[at] ?? 0;
        if ((placeOf(hash) & mask) !== prefix) continue;
        const home = homeOf(hash, homes);
        if (home >>> bits !== number) {
          number = home >>> bits;
          target = this.#page(number);
          next = 0;
        }
        next = Math.max(next, (home & ((1 << bits) - 1)) * width);
        if (next + (1 + SPARE) * width > target.length) return false;
        target[next] = hash;
        target[next + 1] = page[at + 1] ?? 0;
        target[next + 2] = page[at + 2] ?? 0;
        target[next + 3] = page[at + 3] ?? 0;
        target[next + MOMENT] = moment;
        if (width > GENERATION) target[next + GENERATION] = page[at + GENERATION] ?? 0;
        next += width;
        count += 1;
        if (moment < earliest) earliest = moment;
      }
    }
    this.#count = count;
    this.#earliest = earliest;
    return true;
  }

  /** Where on its page a home begins. */
  #wordOf(home: number): number {
    return (home & ((1 << this.#homesBits) - 1)) * this.width;
  }

  #page(number: number): Page {
    const page = this.pages[number];
    if (page === undefined) throw new RangeError('no such page');
    return page;
  }
}

/** From 0 to before `homes`, ascending with the hash as a signed number. */
function homeOf(hash: number, homes: number): number {
  return Math.imul((hash >> 16) + 0x8000, homes) >>> 16;
}
