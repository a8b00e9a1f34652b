/**
 * The directory of a table (extendible hashing): which segment has a place.
 *
 * Places go from 0 to 2^32 - 1. A segment of depth d has all of them that begin with d given bits. The
 * directory has 2^D pointers, D being at least every segment's depth, and 2^(D - d) neighbouring ones
 * lead to a segment. It is all that is ever copied whole: a pointer for some thousand entries.
 *
 * Going through all segments goes by places, which stand still while segments split and join between
 * two steps.
 */
import { PLACES } from './key.ts';
import type { Segment } from './segment.ts';

export class Directory {
  #pointers: Segment[];
  /** At least 1, since shifting by 32 does nothing. */
  #depth: number;

  /** @param make called for each of the 2^depth segments */
  constructor(depth: number, make: () => Segment) {
    this.#depth = depth;
    this.#pointers = Array.from({ length: 2 ** depth }, make);
  }

  get length(): number {
    return this.#pointers.length;
  }

  at(place: number): Segment {
    const segment = this.#pointers[place >>> (32 - this.#depth)];
    if (segment === undefined) throw new RangeError('no such place');
    return segment;
  }

  /** Makes all places of the segment lead to it; `place` is one of them. */
  put(segment: Segment, place: number): void {
    while (this.#depth < segment.depth) {
      this.#pointers = this.#pointers.flatMap((each) => [each, each]);
      this.#depth += 1;
    }
    const pointers = 2 ** (this.#depth - segment.depth);
    const first = (place >>> (32 - segment.depth)) * pointers;
    this.#pointers.fill(segment, first, first + pointers);
  }

  /** The segment that differs in the last of its bits, unless that one has been split further. */
  neighbour(segment: Segment, place: number): Segment | undefined {
    const neighbour = this.at(place ^ (1 << (32 - segment.depth)));
    return neighbour.depth === segment.depth ? neighbour : undefined;
  }

  /** Where the segment ends that has this place: the next one's first place, 0 after the last. */
  after(place: number): number {
    const places = 2 ** (32 - this.at(place).depth);
    return ((Math.floor(place / places) + 1) * places) % PLACES;
  }

  /** All segments, with the first place of each that has not been passed. */
  *segments(): Generator<[segment: Segment, from: number], void, void> {
    let place = 0;
    do {
      const segment = this.at(place);
      const from = place;
      place = this.after(place);
      yield [segment, from];
    } while (place !== 0);
  }

  /** Lets go of pointers until some segment needs them. */
  trim(): void {
    let deepest = 1;
    for (const [{ depth }] of this.segments()) deepest = Math.max(deepest, depth);
    const every = 2 ** (this.#depth - deepest);
    if (every === 1) return;
    this.#pointers = this.#pointers.filter((_, index) => index % every === 0);
    this.#depth = deepest;
  }
}
