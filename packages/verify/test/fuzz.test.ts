/** A sample of `npm run fuzz`: the verifier keeps to the rule, and would be caught without its rules. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fuzz } from '../fuzz/fuzz.ts';
import { createSigner, type Signer } from '../fuzz/signer.ts';
import { RULES } from '../fuzz/without.ts';

const seed = 20_261_122;

let signer: Signer;
beforeAll(async () => {
  signer = await createSigner();
});
afterAll(() => signer[Symbol.asyncDispose]());

describe('the verifier, given mutated and generated tokens', () => {
  it('accepts what jose and the grammar accept, and throws nothing but refusals', async () => {
    const outcome = await fuzz({ seed, tokens: 1_000, grammar: 1_000 }, signer);
    expect(outcome.findings).toEqual([]);
    // Not by refusing everything, nor by accepting it.
    expect(outcome.accepted).toBeGreaterThan(200);
    expect(outcome.refused).toBeGreaterThan(700);
  });

  it.each(RULES)('would be caught without the rule of %s', async (without) => {
    const { findings } = await fuzz(
      { seed, tokens: 10_000, grammar: 20_000, without, findings: 1 },
      signer,
    );
    expect(findings).not.toEqual([]);
  });
});
