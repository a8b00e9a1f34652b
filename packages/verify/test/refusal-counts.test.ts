/** What is reported of refusals: so much at most, however many there are, and all of them in the end. */
import { Refusal } from '@portcullis/contracts';
import { seededRandom } from '@portcullis/testkit';
import { expect, it } from 'vitest';
import { RefusalCounts, type RefusalReport } from '../src/index.ts';
import { SimulatedClock } from './simulated-clock.ts';

const expired = new Refusal('invalid_token', { reason: 'expired' });
const none = new Refusal('invalid_token', { reason: 'no_token' });

function counting() {
  const clock = new SimulatedClock();
  const reports: (RefusalReport & { at: number })[] = [];
  const began = clock.monotonic();
  const counts = new RefusalCounts(
    (report) => reports.push({ ...report, at: clock.monotonic() - began }),
    clock,
  );
  return { clock, counts, reports };
}

const sumOf = (reports: readonly RefusalReport[], wanted: string): number =>
  reports.filter(({ reason }) => reason === wanted).reduce((sum, { count }) => sum + count, 0);

it('reports ten thousand refusals once for each reason and ten seconds', async () => {
  const { clock, counts, reports } = counting();
  // For 25 s, 400 a second.
  for (let round = 0; round < 250; round += 1) {
    for (let n = 0; n < 40; n += 1) counts.note(n % 4 === 0 ? none : expired);
    await clock.pass(100);
  }
  await clock.pass(60_000);
  for (const [reason, total] of [
    ['expired', 7_500],
    ['no_token', 2_500],
  ] as const) {
    const own = reports.filter((report) => report.reason === reason);
    expect(own.map(({ at }) => at)).toEqual([0, 10_000, 20_000, 30_000]);
    expect(own[0]?.count).toBe(1);
    expect(sumOf(reports, reason)).toBe(total);
    expect(counts.totals[reason]).toBe(total);
  }
  // After a pause the first is reported at once again.
  counts.note(none);
  expect(reports.at(-1)).toMatchObject({ reason: 'no_token', count: 1 });
});

it('reports no more often than that, at any moments, and all that there was once it is closed', async () => {
  const random = seededRandom(7);
  const { clock, counts, reports } = counting();
  let noted = 0;
  for (let n = 0; n < 2_000; n += 1) {
    counts.note(expired);
    noted += 1;
    if (random() < 0.02) await clock.pass(Math.floor(random() * 4_000));
  }
  const times = reports.map(({ at }) => at);
  for (const [at, time] of times.entries()) {
    if (at > 0) expect(time - (times[at - 1] ?? 0)).toBeGreaterThanOrEqual(10_000);
  }
  counts.close();
  expect(sumOf(reports, 'expired')).toBe(noted);
  const { length } = reports;
  await clock.pass(60_000);
  expect(reports).toHaveLength(length);
});

it('counts what has a reason, and nothing else; without a listener it keeps no time', () => {
  const clock = { after: () => expect.unreachable('nothing is to be reported') };
  const counts = new RefusalCounts(undefined, clock);
  for (const error of [new Error('x'), undefined, 'x', new Refusal('not_found')])
    counts.note(error);
  expect(counts.totals).toEqual({});
  counts.note(expired);
  counts.note(expired);
  expect(counts.totals).toEqual({ expired: 2 });
  counts.close();
});
