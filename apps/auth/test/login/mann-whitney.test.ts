/** The measure that `npm run timing` goes by: it sees a small difference, and none where there is none. */
import { seededRandom } from '@portcullis/testkit';
import { expect, it } from 'vitest';
import { mannWhitney } from '../../timing/mann-whitney.ts';

const sample = (random: () => number, shift: number) =>
  Array.from({ length: 500 }, () => 25 + shift + random() + random() + random());

it('agrees with the tables', () => {
  const even = [1, 3, 5, 7, 9, 11, 13, 15, 17, 19];
  // U = 45 of 100: z = (50 - 45 - 0.5) / sqrt(175) = 0.3402.
  expect(
    mannWhitney(
      even,
      even.map((value) => value + 1),
    ),
  ).toBeCloseTo(0.7337, 3);
  expect(mannWhitney([1, 1, 1], [1, 1, 1])).toBe(1);
});

it('spreads p evenly for one distribution, and piles it up near zero for two', () => {
  const random = seededRandom(7);
  const ps = (shift: number) =>
    Array.from({ length: 200 }, () => mannWhitney(sample(random, 0), sample(random, shift)));
  const below = (bound: number, all: number[]) => all.filter((p) => p < bound).length / all.length;
  const same = ps(0);
  expect(below(0.5, same)).toBeGreaterThan(0.35);
  expect(below(0.5, same)).toBeLessThan(0.65);
  expect(below(0.01, same)).toBeLessThan(0.05);
  // Two tenths of a millisecond among times that vary by half of one.
  expect(below(0.01, ps(0.2))).toBeGreaterThan(0.9);
});
