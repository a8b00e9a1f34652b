/** A sample of `npm run simulate`: the protocol keeps its word, and would not without its protections. */
import { describe, expect, it } from 'vitest';
import { runSeeds } from '../simulation/many.ts';
import { run } from '../simulation/run.ts';
import { WITHOUT } from '../simulation/without/protections.ts';

const SEEDS = 100;
/** What a removal is given to be caught. It was caught within 40 when this was written. */
const PATIENCE = 300;

/** What each removal shows by, so that it need not be waited for. */
const SHOWN_BY: Record<string, readonly string[]> = {
  'register-first': ['verifiers restart', 'deaf verifiers', 'database slow'],
  'read-after-request': ['deaf verifiers', 'database slow'],
  'dense-numbering': [],
  'freshness-check': [],
  nonce: [],
  resynchronise: ['log replaced', 'deaf verifiers'],
  'generation-compare': [],
  'issuer-clock': [],
  'wait-for-confirmed': [],
  'head-check': ['log goes back', 'deaf verifiers'],
  'place-check': ['log goes back', 'deaf verifiers'],
  'ended-backup': ['backup restored'],
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
    expect(new Set([...Object.keys(SHOWN_BY), ...TOO_RARE])).toEqual(new Set(WITHOUT.keys()));
  });

  it.each(Object.entries(SHOWN_BY))('breaks without %s', async (name, added) => {
    const variant = WITHOUT.get(name);
    if (variant === undefined) throw new Error(`there is no protection named ${name}`);
    for (let seed = 1; seed <= PATIENCE; seed += 1) {
      const { violations } = await run(seed, { variant, added });
      if (violations.length > 0) return;
    }
    expect.fail(`not caught in ${PATIENCE} seeds`);
  });
});
