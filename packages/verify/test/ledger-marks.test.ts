/** The marks before the table: they never hide what it holds, and say no to almost everything else. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IdTable } from '../src/revocation/ledger/id-table.ts';
import { hashOf, placeOf } from '../src/revocation/ledger/key.ts';
import { Marks } from '../src/revocation/ledger/marks.ts';

/** The part of other hashes that they let through. */
function letThrough(marks: Marks): number {
  const looks = 20_000;
  let through = 0;
  for (let word = 0; word < looks; word += 1) if (marks.mayHave(hashOf(-1 - word, 3))) through += 1;
  return through / looks;
}

function marksOf(count: number, marks = new Marks()): Marks {
  for (let word = 0; word < count; word += 1) {
    marks.add(hashOf(word, 3));
    marks.grow(word + 1);
  }
  return marks;
}

const hidden = (marks: Marks, hashes: Iterable<number>): number[] =>
  [...hashes].filter((hash) => !marks.mayHave(hash));

describe('marks', () => {
  it('hide nothing that was added, whatever they have grown and shrunk to', () => {
    const step = fc.oneof(
      fc.record({ add: fc.array(fc.integer(), { maxLength: 400 }) }),
      fc.record({ grow: fc.nat(100_000) }),
      fc.record({ trim: fc.nat(20_000) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), fc.nat(10_000), (steps, expected) => {
        const marks = new Marks(expected);
        const added = new Set<number>();
        for (const each of steps) {
          if ('grow' in each) marks.grow(each.grow);
          else if ('trim' in each) marks.trim(each.trim);
          else {
            for (const hash of each.add) {
              marks.add(hash);
              added.add(hash);
            }
          }
        }
        expect(hidden(marks, added)).toEqual([]);
      }),
    );
  });

  it('are taken away for the places that are named, and for no other', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer(), { maxLength: 300 }),
        fc.integer(),
        fc.integer({ min: 1, max: 20 }),
        (hashes, cleared, depth) => {
          const marks = new Marks();
          for (const hash of hashes) marks.add(hash);
          marks.clear(placeOf(cleared), depth);
          const prefix = placeOf(cleared) >>> (32 - depth);
          const others = hashes.filter((hash) => placeOf(hash) >>> (32 - depth) !== prefix);
          expect(hidden(marks, others)).toEqual([]);
          // Those that share a word with others stay.
          const within = hashes.filter((hash) => !others.includes(hash));
          if (depth <= 6) expect(hidden(marks, within)).toEqual(within);
        },
      ),
    );
  });

  it('say no to most of what was not added, for two bytes an entry or less', () => {
    for (const count of [10_000, 60_000, 130_000]) {
      const marks = marksOf(count, new Marks(count));
      expect(letThrough(marks)).toBeLessThan(0.08);
      expect(marks.bytes).toBeLessThanOrEqual(2 * count);
    }
    expect(letThrough(new Marks())).toBe(0);
  });

  it('are 4 MB at the most, and small again once there is little to mark', () => {
    const marks = new Marks(100_000_000);
    marks.grow(100_000_000);
    expect(marks.bytes).toBe(4 << 20);
    for (let round = 0; round < 20; round += 1) marks.trim(100);
    expect(marks.bytes).toBeLessThan(1_000);
  });
});

type Step = { add: number; first: number } | { sweep: number; slots: number } | { expect: number };

function recordOf(word: number, moment: number): Int32Array {
  return Int32Array.of(hashOf(word, 3), word, 0, 0, moment);
}

describe('a table with marks', () => {
  const steps: fc.Arbitrary<Step[]> = fc.array(
    fc.oneof(
      { weight: 4, arbitrary: fc.record({ add: fc.nat(6_000), first: fc.nat(20_000) }) },
      { weight: 3, arbitrary: fc.record({ sweep: fc.nat(100), slots: fc.nat(60_000) }) },
      { weight: 1, arbitrary: fc.record({ expect: fc.nat(60_000) }) },
    ),
    { maxLength: 25 },
  );

  it('meets exactly the hashes that it holds, while it grows, lets go and joins', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const table = new IdTable(5);
        const moments = new Map<number, number>();
        let now = 0;
        for (const step of all) {
          if ('expect' in step) table.expect(step.expect);
          else if ('add' in step) {
            for (let word = step.first; word < step.first + step.add; word += 1) {
              const moment = now + 1 + (word % 50);
              table.raise(recordOf(word, moment));
              moments.set(word, Math.max(moment, moments.get(word) ?? 0));
            }
          } else {
            now += step.sweep;
            table.sweep(now, step.slots);
          }
          const lost = [...moments]
            .filter(([word, moment]) => moment > now && !table.meets(hashOf(word, 3)))
            .map(([word]) => word);
          expect(lost).toEqual([]);
        }
        // Whatever is still held, expired or not, is met; nothing else is.
        const held = new Set([...table.records()].flat().map((record) => record[0] ?? 0));
        for (let word = 0; word < 30_000; word += 1) {
          const hash = hashOf(word, 3);
          if (table.meets(hash) !== held.has(hash)) expect({ word }).toBe('met as it is held');
        }
      }),
      { numRuns: 40 },
    );
  });

  it('is quick to say no again when most of it has gone', () => {
    const table = new IdTable(5);
    for (let word = 0; word < 200_000; word += 1) {
      table.raise(recordOf(word, word % 20 === 0 ? 1_000 : 10));
    }
    const { bytes } = table;
    for (let round = 0; round < 16; round += 1) table.sweep(10, Number.MAX_SAFE_INTEGER);
    expect(table.size).toBe(10_000);
    expect(table.bytes).toBeLessThan(bytes / 5);
    for (let word = 0; word < 200_000; word += 20) expect(table.meets(hashOf(word, 3))).toBe(true);
  });
});
