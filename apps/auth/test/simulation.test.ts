/** A sample of `pnpm simulate`: the protocol keeps its word, and would not without its protections. */
import { describe, expect, it } from 'vitest';
import { runSeeds } from '../simulation/many.ts';
import { run } from '../simulation/run.ts';
import { WITHOUT } from '../simulation/without/protections.ts';

const SEEDS = 200;
const SPARED: readonly string[] = [];
/** What a removal is given beyond the seed at which it was caught last. */
const PATIENCE = 300;

/** Where each removal was caught last: only where to begin to look. */
const CAUGHT: Record<string, number> = {
  'register-first': 1,
  'read-after-request': 1,
  'dense-numbering': 1,
  'freshness-check': 1,
  nonce: 1,
  resynchronise: 1,
  'generation-compare': 1,
  'issuer-clock': 1,
  'wait-for-confirmed': 1,
  'renewal-numbers': 1,
};

describe('the protocol, simulated', () => {
  it(`keeps every guarantee in ${SEEDS} histories`, async () => {
    const { violated, tally } = await runSeeds({ from: 1, seeds: SEEDS, spared: SPARED });
    expect(violated).toEqual([]);
    // Not by doing nothing.
    expect(tally.revocations).toBeGreaterThan(10 * SEEDS);
    expect(tally.confirmed).toBeGreaterThan(5 * SEEDS);
    expect(tally.accepted).toBeGreaterThan(20 * SEEDS);
    expect(tally.refused).toBeGreaterThan(20 * SEEDS);
    expect(tally.stale).toBeGreaterThan(SEEDS);
  });

  it('is one history for one seed, told or not', async () => {
    for (const seed of [1, 2, 3]) {
      const lines: string[] = [];
      const told = await run(seed, { trace: (line) => lines.push(line) });
      const untold = await run(seed);
      expect(untold.hash).toBe(told.hash);
      expect(lines.length).toBeGreaterThan(100);
    }
  });

  it('has a seed for every protection', () => {
    expect(Object.keys(CAUGHT)).toEqual([...WITHOUT.keys()]);
  });

  it.each([...WITHOUT])('breaks without %s', async (name, variant) => {
    const from = CAUGHT[name] ?? 1;
    for (let seed = from; seed < from + PATIENCE; seed += 1) {
      const { violations } = await run(seed, { variant });
      if (violations.length > 0) return;
    }
    expect.fail(`not caught in ${PATIENCE} seeds from ${from}`);
  });
});
