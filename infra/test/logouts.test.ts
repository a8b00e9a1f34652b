/** The short form of `npm run faults -- --case logouts`: receipts of more than a hundred logouts, put to the test. */
import { expect, it } from 'vitest';
import { countLogouts } from '../faults/logouts.ts';

const SEED = 20_261;
const SIZE = { logouts: 120, everywhere: 15 };

it('accepts nothing after a receipt that all verifiers have confirmed', async () => {
  const { result, counts } = await countLogouts({ seed: SEED, ...SIZE });

  expect(result.offences, `seed ${SEED}`).toEqual([]);
  expect(counts.withinOneSecond).toBeGreaterThanOrEqual(SIZE.everywhere);
  // The checks test what a receipt promises, so there have to be such receipts.
  expect(counts.confirmed).toBeGreaterThan(SIZE.logouts / 2);
}, 300_000);
