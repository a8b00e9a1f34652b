/**
 * Records of a snapshot in the order of their places in the table.
 *
 * Its entries come in an order of their own, and each would be added to another segment than the last:
 * most of the time would go into waiting for memory. In this order, one part of the table is filled
 * after the other. Only speed depends on it.
 */
import { readLastBits, readRecord, type IdBlock } from '@portcullis/snapshot';
import { hashOf, placeOf, toKey } from './key.ts';
import { RECORD_WORDS } from './page.ts';

/** Places are distinguished by so many bits of the hash. */
const BITS = 9;
/** Records are given in pieces of so many. */
const PIECE = 4_096;
const NOTHING = new Int32Array(0);

/** Gives pieces of records; empty ones on the way, so that no piece is long in coming. */
export function* byPlace(
  blocks: readonly IdBlock[],
  seed: number,
): Generator<Int32Array, void, void> {
  // First how many there are for each place, then each to the next free index of its place.
  const next = new Int32Array((1 << BITS) + 1);
  for (const block of blocks) {
    for (let index = 0; index < block.count; index += 1) {
      const place = placeOf(hashOf(readLastBits(block, index), seed)) >>> (32 - BITS);
      next[place + 1] = (next[place + 1] ?? 0) + RECORD_WORDS;
    }
    yield NOTHING;
  }
  for (let place = 1; place <= 1 << BITS; place += 1) {
    next[place] = (next[place] ?? 0) + (next[place - 1] ?? 0);
  }
  const records = new Int32Array(next[1 << BITS] ?? 0);
  for (const block of blocks) {
    for (let index = 0; index < block.count; index += 1) {
      const place = placeOf(hashOf(readLastBits(block, index), seed)) >>> (32 - BITS);
      const at = next[place] ?? 0;
      next[place] = at + RECORD_WORDS;
      readRecord(block, index, records, at);
      toKey(records, seed, at);
    }
    yield NOTHING;
  }
  for (let from = 0; from < records.length; from += PIECE * RECORD_WORDS) {
    yield records.subarray(from, from + PIECE * RECORD_WORDS);
  }
}
