/** A sample of `npm run faults`: four real faults with a fixed seed. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FAULTS } from '../faults/catalogue.ts';
import type { Offence } from '../faults/checks/judge.ts';
import { runFaults } from '../faults/run-faults.ts';

const SEED = 20_260;
const SAMPLE = ['late-commit', 'verifier-paused', 'auth-killed-before-answer', 'all-cut-from-one'];

const offences = new Map<string, readonly Offence[]>();
const revocations = new Map<string, number>();
const broken: unknown[] = [];

beforeAll(async () => {
  const faults = FAULTS.filter(({ name }) => SAMPLE.includes(name));
  await runFaults(
    faults,
    { seed: SEED, short: true, forbearing: true, maxStalenessMs: 2_000 },
    {
      done(result) {
        offences.set(result.fault, result.offences);
        revocations.set(result.fault, result.revocations);
      },
      skipped: ({ name }, why) => broken.push(`${name}: ${why}`),
      broken: (name, error) => broken.push(`${name}: ${String(error)}`),
    },
  );
}, 420_000);

afterAll(() => {
  expect(broken).toEqual([]);
});

describe.each(SAMPLE)('the fault %s', (name) => {
  it(`leaves every guarantee standing (seed ${SEED})`, () => {
    expect(offences.get(name)).toEqual([]);
    expect(revocations.get(name)).toBeGreaterThan(0);
  });
});
