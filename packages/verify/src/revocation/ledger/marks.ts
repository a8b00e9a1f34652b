/**
 * Which hashes a table may have, in a byte or two an entry: a look at one word says no to almost all
 * that it has not, where a look at the table takes half a dozen words from memory, each of which says
 * where the next one is.
 *
 * A Bloom filter. A place says by its first bits which word it belongs to, and by its last ones which
 * two bits of that word it has.
 *
 * Invariant: the bits of every hash in the table are set. What else is set costs time, and changes no
 * answer: a hash is marked before it is added, and marks are removed only for places whose hashes are
 * all marked anew in the same turn.
 */
import { placeOf } from './key.ts';

const LEAST_WORDS = 64;
/** No more than 4 MB, which double in one go. Beyond, more and more looks are answered by the table. */
const MOST_WORDS = 0x10_0000;
/** With so many a word, 1 look in 20 for what is not there is let through; with half as many, 1 in 60. */
const ENTRIES_PER_WORD = 4;

export class Marks {
  #words: Int32Array;
  /** Of a place, to the right, gives its word. */
  #shift: number;

  /** @param entries how many there will be, about */
  constructor(entries = 0) {
    let words = LEAST_WORDS;
    while (words * ENTRIES_PER_WORD < entries && words < MOST_WORDS) words *= 2;
    this.#words = new Int32Array(words);
    this.#shift = Math.clz32(words) + 1;
  }

  get bytes(): number {
    return this.#words.byteLength;
  }

  /** False: no hash of the table is this one. */
  mayHave(hash: number): boolean {
    const place = placeOf(hash);
    const bits = bitsOf(place);
    return ((this.#words[place >>> this.#shift] ?? 0) & bits) === bits;
  }

  add(hash: number): void {
    const place = placeOf(hash);
    const at = place >>> this.#shift;
    this.#words[at] = (this.#words[at] ?? 0) | bitsOf(place);
  }

  /**
   * Removes what marks places that begin with the same `depth` bits as this one; but nothing, when the
   * word that these have is that of others too.
   */
  clear(place: number, depth: number): void {
    const words = this.#words.length >>> depth;
    const first = (place >>> this.#shift) & -words;
    this.#words.fill(0, first, first + words);
  }

  /** Makes room for this many entries; by doubling once, which is enough for one entry more. */
  grow(entries: number): void {
    const { length } = this.#words;
    if (entries > length * ENTRIES_PER_WORD && length < MOST_WORDS) this.#double();
  }

  /** Gives back half when so many entries have far too much. */
  trim(entries: number): void {
    const { length } = this.#words;
    if (entries * 4 < length * ENTRIES_PER_WORD && length > LEAST_WORDS) this.#halve();
  }

  #double(): void {
    const former = this.#words;
    const words = new Int32Array(former.length * 2);
    for (let at = 0; at < words.length; at += 1) words[at] = former[at >>> 1] ?? 0;
    this.#words = words;
    this.#shift -= 1;
  }

  #halve(): void {
    const former = this.#words;
    const words = new Int32Array(former.length / 2);
    for (let at = 0; at < former.length; at += 1) {
      words[at >>> 1] = (words[at >>> 1] ?? 0) | (former[at] ?? 0);
    }
    this.#words = words;
    this.#shift += 1;
  }
}

/** Ten bits that no word is found by. */
function bitsOf(place: number): number {
  return (1 << (place & 31)) | (1 << ((place >>> 5) & 31));
}
