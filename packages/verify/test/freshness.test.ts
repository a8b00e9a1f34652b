import { beforeEach, expect, it } from 'vitest';
import { Freshness, type Asked } from '../src/revocation/freshness.ts';
import { IssuerClock } from '../src/revocation/issuer-clock.ts';
import { SimulatedClock } from './simulated-clock.ts';

const S = 5_000;
let clock: SimulatedClock;
let issuerClock: IssuerClock;
let freshness: Freshness;
let ended = 0;

beforeEach(() => {
  clock = new SimulatedClock();
  issuerClock = new IssuerClock(clock);
  ended = 0;
  freshness = new Freshness(clock, issuerClock, () => (ended += 1));
});

const asked = (): Asked => ({ at: clock.monotonic(), apart: issuerClock.apart() });
const holds = (): boolean => freshness.holds(clock.monotonic());
function granted(question: Asked): void {
  issuerClock.learn(clock.wall(), question);
  freshness.granted(question, S);
}

it('freshness is counted from the question, and its end is reported', async () => {
  const question = asked();
  await clock.pass(1_000);
  expect(holds()).toBe(false);
  granted(question);
  await clock.pass(S - 1_001);
  expect([holds(), freshness.leftMs, ended]).toEqual([true, 1, 0]);
  await clock.pass(1);
  expect([holds(), freshness.leftMs]).toEqual([false, 0]);
  await clock.pass(1);
  expect(ended).toBe(1);
});

it('loses nothing by an answer to an older question that comes after a newer one’s', async () => {
  const older = asked();
  await clock.pass(2_000);
  granted(asked());
  granted(older);
  expect(freshness.leftMs).toBe(S);
  await clock.pass(S - 1);
  expect([holds(), ended]).toEqual([true, 0]);
});

it('is over at once when it is ended', async () => {
  granted(asked());
  freshness.end();
  expect([holds(), freshness.leftMs]).toEqual([false, 0]);
  await clock.pass(2 * S);
  expect(ended).toBe(0);
});
