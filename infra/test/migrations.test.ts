/** A sample of `npm run migrations`, on few rows. */
import { expect, it } from 'vitest';
import { offencesOf, type Tried } from '../migrations/offences.ts';
import { tryAll } from '../migrations/try-all.ts';

it('every migration leaves the requests beside it in peace', async () => {
  const all: Tried[] = [];
  await tryAll({ sessions: 2_000, beforeMs: 200 }, (tried) => all.push(tried));
  // Other tests run beside this one: only what the server says of waits counts.
  expect(all.flatMap((tried) => offencesOf(tried, false))).toEqual([]);
  expect(all.length).toBeGreaterThan(8);
  for (const { during } of all) expect(during.requests).toBeGreaterThan(0);
}, 120_000);

it('is not blind: a deadlock, a long wait, a failure and a migration that is given up', () => {
  const quiet = { requests: 10, longest: 20, failures: new Map<string, number>() };
  const tried = { name: 'x', before: quiet, during: quiet, waited: 0, deadlocks: 0, seconds: 1 };
  const offences = (changes: Partial<Tried>) =>
    offencesOf({ ...tried, failure: undefined, ...changes }).length;
  expect(offences({})).toBe(0);
  expect(offences({ deadlocks: 1 })).toBe(1);
  expect(offences({ waited: 1_001 })).toBe(1);
  expect(offences({ failure: 'held' })).toBe(1);
  expect(offences({ during: { ...quiet, longest: 1_001 } })).toBe(1);
  expect(offences({ during: { ...quiet, failures: new Map([['42703', 1]]) } })).toBe(1);
  expect(offences({ during: { ...quiet, failures: new Map([['503', 1]]) } })).toBe(0);
});
