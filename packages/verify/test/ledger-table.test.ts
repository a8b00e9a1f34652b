/** The table against a plain Map: growth, eviction, collisions, and what it takes in memory. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IdTable } from '../src/revocation/ledger/id-table.ts';
import { fromKey, hashOf, toKey } from '../src/revocation/ledger/key.ts';
import type { Width } from '../src/revocation/ledger/page.ts';

const FOR_EVER = 0xffff_ffff;

/** Small, seeded, and the same everywhere: a failure can be run again. */
function randomOf(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

interface Entry {
  key: Int32Array;
  moment: number;
  generation: number;
}

/** What the table should be. */
class Model {
  readonly entries = new Map<string, Entry>();

  raise(key: Int32Array, moment: number, generation: number): boolean {
    const known = this.entries.get(key.join());
    if (known === undefined) {
      this.entries.set(key.join(), { key: key.slice(), moment, generation });
      return true;
    }
    const raised = moment > known.moment || generation > known.generation;
    known.moment = Math.max(known.moment, moment);
    known.generation = Math.max(known.generation, generation);
    return raised;
  }

  evict(now: number): void {
    for (const [key, { moment }] of this.entries) if (moment <= now) this.entries.delete(key);
  }
}

function contents(table: IdTable, width: Width): string[] {
  return [...table.records()]
    .flat()
    .map((record) =>
      [...record.subarray(0, 4), (record[4] ?? 0) >>> 0, width === 6 ? record[5] : 0].join(),
    )
    .toSorted();
}

function contentsOf(model: Model): string[] {
  return [...model.entries.values()]
    .map(({ key, moment, generation }) => [...key, moment, generation].join())
    .toSorted();
}

function recordOf(key: Int32Array, moment: number, generation: number): Int32Array {
  return Int32Array.of(...key, moment, generation);
}

/** Sweeps until everything that has expired must be gone. */
function sweepAll(table: IdTable, now: number): void {
  for (let round = 0; round < 16; round += 1) table.sweep(now, Number.MAX_SAFE_INTEGER);
}

function tableOf(width: Width, count: number, next: () => number, moment = FOR_EVER): IdTable {
  const table = new IdTable(width);
  for (let i = 0; i < count; i += 1) {
    table.raise(recordOf(Int32Array.of(next(), next(), next(), next()), moment, 1));
  }
  return table;
}

describe('the table', () => {
  it.each<Width>([5, 6])(
    'does as a Map does, over 200,000 random operations (%i words)',
    (width) => {
      const next = randomOf(width);
      const table = new IdTable(width);
      const model = new Model();
      let now = 1_000;
      let wrong = 0;
      // Grows, stands, shrinks to nothing, and grows again.
      const life = [40_000, 10_000, 2_000, 60_000];
      for (let step = 0; step < 200_000; step += 1) {
        const last = life[Math.floor(step / 50_000)] ?? 0;
        // Few hashes and few words, so that keys collide in every part of them.
        const key = Int32Array.of(
          Math.imul(next() % 30_000, 0x01000193),
          next() % 3,
          next() % 2,
          next() % 2,
        );
        const generation = width === 6 ? next() % 4 : 0;
        const known = model.entries.get(key.join());
        if (next() % 4 === 0) {
          if (table.has(key) !== (known !== undefined)) wrong += 1;
          if (width === 6 && table.generation(key) !== (known?.generation ?? 0)) wrong += 1;
        } else {
          const moment = now + 1 + (next() % last);
          const raised = model.raise(key, moment, generation);
          if (table.raise(recordOf(key, moment, generation)) !== raised) wrong += 1;
        }
        if (step % 10 === 0) now += 3;
        if (step % 2_000 === 0) {
          table.sweep(now, 4_000);
          // What has not expired is there, whatever has been swept.
          for (const entry of model.entries.values()) {
            if (entry.moment > now && !table.has(entry.key)) wrong += 1;
          }
          sweepAll(table, now);
          model.evict(now);
          expect({ wrong, size: table.size }).toEqual({ wrong: 0, size: model.entries.size });
        }
        if (step % 50_000 === 0) expect(contents(table, width)).toEqual(contentsOf(model));
      }
      expect({ wrong, contents: contents(table, width) }).toEqual({
        wrong: 0,
        contents: contentsOf(model),
      });
      sweepAll(table, FOR_EVER - 1);
      expect(table.size).toBe(0);
    },
  );

  it('tells keys apart that collide in all but one bit', () => {
    fc.assert(
      fc.property(
        fc.int32Array({ minLength: 4, maxLength: 4 }),
        fc.integer({ min: 0, max: 127 }),
        fc.integer({ min: 1, max: 9 }),
        (words, bit, generation) => {
          const key = Int32Array.from(words);
          const other = key.slice();
          other[bit >>> 5] = (other[bit >>> 5] ?? 0) ^ (1 << (bit & 31));
          const table = new IdTable(6);
          table.raise(recordOf(key, 10, generation));
          expect(table.has(other)).toBe(false);
          expect(table.generation(other)).toBe(0);
          expect(table.generation(key)).toBe(generation);
          table.raise(recordOf(other, 20, generation + 1));
          table.sweep(10, 1_000_000);
          expect(table.has(key)).toBe(false);
          expect(table.generation(other)).toBe(generation + 1);
        },
      ),
    );
  });

  it('holds thousands of keys with one and the same hash, beside others', () => {
    const next = randomOf(3);
    const table = tableOf(5, 20_000, next);
    const before = table.bytes;
    for (const hash of [0, -1, 0x7fff_ffff, -0x8000_0000, 0x1234_5678]) {
      for (let i = 0; i < 4_000; i += 1)
        table.raise(recordOf(Int32Array.of(hash, i, 0, 0), 5 + i, 0));
      const wrong = Array.from({ length: 4_000 }, (_, i) => i).filter(
        (i) => !table.has(Int32Array.of(hash, i, 0, 0)) || table.has(Int32Array.of(hash, i, 0, 1)),
      );
      expect(wrong).toEqual([]);
    }
    expect(table.size).toBe(40_000);
    // The directory does not run away over them.
    expect(table.bytes).toBeLessThan(before + 4_000_000);
    sweepAll(table, 4_004);
    expect(table.size).toBe(20_000);
  });

  it('takes keys in the order of their hashes, and in the order of their places', () => {
    const hashes = Array.from({ length: 30_000 }, (_, i) => hashOf(i, 7));
    for (const compare of [
      (a: number, b: number) => a - b,
      (a: number, b: number) => (Math.imul(a, 0x9e3779b1) >>> 0) - (Math.imul(b, 0x9e3779b1) >>> 0),
    ]) {
      const table = new IdTable(5);
      for (const hash of hashes.toSorted(compare))
        table.raise(recordOf(Int32Array.of(hash, 1, 2, 3), 9, 0));
      expect(table.size).toBe(hashes.length);
      expect(hashes.every((hash) => table.has(Int32Array.of(hash, 1, 2, 3)))).toBe(true);
      expect(table.has(Int32Array.of(hashes[0] ?? 0, 1, 2, 4))).toBe(false);
    }
  });

  it.each<[Width, number]>([
    [5, 30],
    [6, 32],
  ])('of %i words takes %i bytes an entry or less, at every size', (width, most) => {
    const next = randomOf(11);
    const table = new IdTable(width);
    const heavy: number[] = [];
    for (let count = 1; count <= 600_000; count += 1) {
      table.raise(recordOf(Int32Array.of(next(), next(), next(), next()), FOR_EVER, 1));
      // Besides, the first pages and those kept for later, which do not grow with the table.
      if (count % 5_000 === 0 && table.bytes > count * most + 1_000_000) heavy.push(count);
    }
    expect(heavy).toEqual([]);
  });

  it('gives back what it has taken, a bounded part at a time', () => {
    const table = tableOf(5, 300_000, randomOf(5), 100);
    const empty = new IdTable(5).bytes;
    const full = table.bytes;
    let calls = 0;
    for (; table.size > 0; calls += 1) {
      const before = table.size;
      table.sweep(100, 65_536);
      expect(before - table.size).toBeLessThan(65_536 + 16_384);
    }
    expect(calls).toBeGreaterThan(4);
    sweepAll(table, 100);
    // All but the spare pages.
    expect(table.bytes).toBeLessThan(empty + 500_000);
    expect(table.bytes).toBeLessThan(full / 10);
  });

  it('lets nothing go before its moment, nor what is kept for ever', () => {
    const table = new IdTable(5);
    const key = Int32Array.of(1, 2, 3, 4);
    const later = Int32Array.of(1, 2, 3, 5);
    table.raise(recordOf(key, 0x8000_0000, 0)); // beyond 2038
    table.raise(recordOf(later, FOR_EVER, 0));
    sweepAll(table, 0x7fff_ffff);
    expect(table.size).toBe(2);
    sweepAll(table, 0x8000_0000);
    expect(table.has(key)).toBe(false);
    sweepAll(table, FOR_EVER - 1);
    expect(table.has(later)).toBe(true);
  });

  it('goes through what stays exactly once, whatever is added and swept on the way', () => {
    const next = randomOf(17);
    const table = new IdTable(5);
    const lasting = Array.from({ length: 50_000 }, () => Int32Array.of(next(), next(), 0, 0));
    for (const key of lasting) table.raise(recordOf(key, 1_000, 0));
    for (let i = 0; i < 50_000; i += 1)
      table.raise(recordOf(Int32Array.of(next(), next(), 1, 0), 10, 0));
    const seen = new Map<string, number>();
    for (const records of table.records()) {
      for (const record of records) {
        if (record[3] !== 0 || record[2] !== 0) continue;
        const name = record.subarray(0, 4).join();
        seen.set(name, (seen.get(name) ?? 0) + 1);
      }
      for (let i = 0; i < 20_000; i += 1)
        table.raise(recordOf(Int32Array.of(next(), next(), 2, 0), 500, 0));
      table.sweep(10, 30_000);
    }
    const missed = lasting.filter((key) => seen.get(key.join()) !== 1);
    expect(missed).toEqual([]);
    expect(seen.size).toBe(new Set(lasting.map((key) => key.join())).size);
  });

  it.each<Width>([5, 6])('is the same table when it was told how many would come (%i)', (width) => {
    const keysOf = (next: () => number) =>
      Array.from({ length: 40_000 }, () => Int32Array.of(next(), next(), next(), next()));
    const keys = keysOf(randomOf(23));
    const strangers = keysOf(randomOf(29));
    // Some are there already: none, few, or too many to be moved.
    for (const [told, had] of [10, 40_000, 2_000_000].flatMap((n) =>
      [0, 3_000, 20_000].map((h) => [n, h]),
    )) {
      const table = new IdTable(width);
      const add = (some: Int32Array[]): void => {
        for (const key of some) table.raise(recordOf(key, FOR_EVER, 7));
      };
      add(keys.slice(0, had));
      table.expect(told ?? 0);
      add(keys.slice(had));
      table.expect(0);
      for (let round = 0; round < 2; round += 1) {
        expect(table.size).toBe(keys.length);
        expect(keys.filter((key) => !table.has(key))).toEqual([]);
        expect(strangers.filter((key) => table.has(key))).toEqual([]);
        if (width === 6) expect(keys.filter((key) => table.generation(key) !== 7)).toEqual([]);
        sweepAll(table, 1);
      }
      // Besides, the pages that are kept for later.
      expect(table.bytes).toBeLessThan(keys.length * width * 4 * 1.6 + 1_000_000);
    }
  });
});

describe('a key', () => {
  it('is its identifier, mixed: it can be turned back, with any seed', () => {
    fc.assert(
      fc.property(fc.int32Array({ minLength: 4, maxLength: 4 }), fc.integer(), (words, seed) => {
        const key = Int32Array.from(words);
        toKey(key, seed);
        expect(key[0]).toBe(hashOf(words[3] ?? 0, seed));
        fromKey(key, seed);
        expect([...key]).toEqual([...words]);
      }),
    );
  });

  it('spreads last words that follow upon one another', () => {
    const slots = new Uint32Array(256);
    for (let word = 0; word < 65_536; word += 1) {
      const slot = hashOf(word, 99) >>> 24;
      slots[slot] = (slots[slot] ?? 0) + 1;
    }
    expect(Math.max(...slots)).toBeLessThan(340);
    expect(Math.min(...slots)).toBeGreaterThan(180);
  });
});
