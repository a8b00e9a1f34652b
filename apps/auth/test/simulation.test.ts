/** A sample of `npm run simulate`: the protocol keeps its word, and would not without its protections. */
import { describe, expect, it } from 'vitest';
import { runSeeds } from '../simulation/many.ts';
import { run } from '../simulation/run.ts';
import { WITHOUT } from '../simulation/without/protections.ts';

const SEEDS = 50;
/** What a removal is given to be caught. */
const PATIENCE = 300;

interface Shown {
  /** What happens besides, so that it need not be waited for. */
  by: readonly string[];
  /** The seed to begin with, 1 by default: it was caught a few after that when this was written. */
  from?: number;
}

/** What each removal shows by. */
const SHOWN: Record<string, Shown> = {
  'register-first': { by: ['verifiers restart', 'deaf verifiers', 'database slow'], from: 70 },
  'read-after-request': { by: ['deaf verifiers', 'database slow'] },
  'dense-numbering': { by: [], from: 10 },
  'freshness-check': { by: [] },
  nonce: { by: [], from: 15 },
  resynchronise: { by: ['log replaced', 'deaf verifiers'], from: 30 },
  'generation-compare': { by: [] },
  'issuer-clock': { by: [] },
  'wait-for-confirmed': { by: [] },
  'head-check': { by: ['log goes back', 'deaf verifiers'] },
  'place-check': { by: ['log goes back', 'deaf verifiers'], from: 35 },
  'ended-backup': { by: ['backup restored'] },
};
/** Shows in about one of six hundred: `--without renewal-numbers`, and revocation/registry.test.ts. */
const TOO_RARE = ['renewal-numbers'];

describe('the protocol, simulated', () => {
  it(`keeps every guarantee in ${SEEDS} histories`, async () => {
    const { violated, tally } = await runSeeds({ from: 1, seeds: SEEDS });
    expect(violated).toEqual([]);
    // Not by doing nothing.
    expect(tally.revocations).toBeGreaterThan(10 * SEEDS);
    expect(tally.confirmed).toBeGreaterThan(5 * SEEDS);
    expect(tally.accepted).toBeGreaterThan(20 * SEEDS);
    expect(tally.refused).toBeGreaterThan(20 * SEEDS);
    expect(tally.stale).toBeGreaterThan(SEEDS);
  });

  it('one seed gives one history, recorded or not', async () => {
    for (const seed of [1, 2, 3]) {
      const lines: string[] = [];
      const told = await run(seed, { trace: (line) => lines.push(line) });
      const untold = await run(seed);
      expect(untold.hash).toBe(told.hash);
      expect(lines.length).toBeGreaterThan(100);
    }
  });

  it('is tried without every protection', () => {
    expect(new Set([...Object.keys(SHOWN), ...TOO_RARE])).toEqual(new Set(WITHOUT.keys()));
  });

  it.each(Object.entries(SHOWN))('breaks without %s', async (name, { by: added, from = 1 }) => {
    const variant = WITHOUT.get(name);
    if (variant === undefined) throw new Error(`there is no protection named ${name}`);
    for (let seed = from; seed < from + PATIENCE; seed += 1) {
      const { violations } = await run(seed, { variant, added });
      if (violations.length > 0) return;
    }
    expect.fail(`not caught in ${PATIENCE} seeds`);
  });
});
