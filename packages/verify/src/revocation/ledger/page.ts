/**
 * A page: an array of slots, probed in a line. Each slot is empty or has a record.
 *
 * A record is so many words: its key, hash first; its moment, which is its expiry in seconds since the
 * epoch as an unsigned number; in tables of cuts, its generation. A slot is empty when its moment is
 * zero. The hash gives each record a home among the first slots; those after serve only records that
 * were pushed beyond. Where that home is, the segment of the page knows; it ascends with the hash.
 *
 * Invariants:
 *  1. Records stand in ascending order of their hashes, as signed numbers.
 *  2. No record stands before its home, and no slot between the two is empty.
 *  3. The last slot is empty.
 *
 * So a search begins at the home of the hash and ends at the first empty slot or greater hash. Records
 * are deleted by laying down all others anew, in order, so that no deleted one leaves a mark.
 */

/** Where in a record these are; the key has the words before. */
export const MOMENT = 4;
export const GENERATION = 5;

/** How many words a record has: with a generation, or without. */
export type Width = 5 | 6;
/** Outside of a table each has room for one. */
export const RECORD_WORDS = 6;

/** Slots after the homes. In a full page the last record is rarely pushed further than 30. */
export const TAIL = 48;

export type Page = Int32Array;

/**
 * Whether any key has this hash: almost always the answer to whether a key is there.
 *
 * @param home index of a word, as every place in a page
 */
export function meets(page: Page, width: Width, home: number, hash: number): boolean {
  for (let at = home; ; at += width) {
    const found = page[at] ?? 0;
    if (page[at + MOMENT] === 0 || found > hash) return false;
    if (found === hash) return true;
  }
}

/**
 * @param records has the key from `from` on
 * @returns where the key's record is; or, when it is absent, the complement of where it belongs
 */
export function locate(
  page: Page,
  width: Width,
  home: number,
  records: Int32Array,
  from: number,
): number {
  const hash = records[from] ?? 0;
  for (let at = home; ; at += width) {
    const found = page[at] ?? 0;
    if (page[at + MOMENT] === 0 || found > hash) return ~at;
    if (
      found === hash &&
      page[at + 1] === records[from + 1] &&
      page[at + 2] === records[from + 2] &&
      page[at + 3] === records[from + 3]
    ) {
      return at;
    }
  }
}

/**
 * @param at where the record belongs, as `locate` has said
 * @param records has the record from `from` on
 * @returns false, and nothing has changed, when that would take the last slot
 */
export function insert(
  page: Page,
  width: Width,
  at: number,
  records: Int32Array,
  from: number,
): boolean {
  let free = at;
  while (page[free + MOMENT] !== 0) free += width;
  if (free + width >= page.length) return false;
  // Mostly a few words, for which a call of copyWithin takes longer.
  for (let word = free - 1; word >= at; word -= 1) page[word + width] = page[word] ?? 0;
  page[at] = records[from] ?? 0;
  page[at + 1] = records[from + 1] ?? 0;
  page[at + 2] = records[from + 2] ?? 0;
  page[at + 3] = records[from + 3] ?? 0;
  page[at + MOMENT] = records[from + MOMENT] ?? 0;
  if (width > GENERATION) page[at + GENERATION] = records[from + GENERATION] ?? 0;
  return true;
}

/**
 * Raises what the record at `at` says to at least what the one in `records` says, and lowers nothing
 * (SPEC.md I4).
 *
 * @returns whether that changed it
 */
export function raiseAt(
  page: Page,
  width: Width,
  at: number,
  records: Int32Array,
  from: number,
): boolean {
  const moment = records[from + MOMENT] ?? 0;
  const later = moment >>> 0 > (page[at + MOMENT] ?? 0) >>> 0;
  const generation = width > GENERATION ? (records[from + GENERATION] ?? 0) : 0;
  const higher = width > GENERATION && generation > (page[at + GENERATION] ?? 0);
  if (later) page[at + MOMENT] = moment;
  if (higher) page[at + GENERATION] = generation;
  return later || higher;
}

/**
 * Pages that are in no use now, to be used again: laying down a segment anew makes no garbage, and
 * gives the collector no reason to run.
 */
export class SparePages {
  readonly #length: number;
  readonly #most: number;
  readonly #pages: Page[] = [];

  /** @param most how many are kept at most, of `length` words */
  constructor(length: number, most: number) {
    this.#length = length;
    this.#most = most;
  }

  get bytes(): number {
    return this.#pages.length * this.#length * 4;
  }

  /** An empty page of so many words. */
  take(length: number): Page {
    const spare = length === this.#length ? this.#pages.pop() : undefined;
    return spare?.fill(0) ?? new Int32Array(length);
  }

  give(pages: readonly Page[]): void {
    for (const page of pages) {
      if (page.length === this.#length && this.#pages.length < this.#most) this.#pages.push(page);
    }
  }
}
