/** What a benchmark of contenders that take turns prints: a line each, the first is ours. */
import { quantile } from './distribution.ts';
import type { Cost, Standing } from './rounds.ts';
import { aligned, show, verdict } from './table.ts';

/** How many times as fast as this contender ours has to be, at the least. */
export interface Aim {
  readonly against: string;
  readonly atLeast: number;
}

/** By what contenders are compared, with what it is called. Processor time only where all have it. */
interface Measure {
  readonly name: string;
  of(cost: Cost): number | undefined;
}

const CLOCK: Measure = { name: 'clock', of: ({ clock }) => clock };
const PROCESSOR: Measure = { name: 'processor', of: ({ processor }) => processor };

/**
 * `ours` is the median over the rounds of what theirs took divided by what ours took in the same
 * round, and in brackets the tenth and the ninetieth hundredth of them.
 *
 * @throws Error when there is no contender to compare
 */
export function comparisonOf(standings: readonly Standing[], aims: readonly Aim[] = []): string {
  const [ours] = standings;
  if (ours === undefined) throw new Error('no contender took part');
  const measures = [CLOCK, PROCESSOR].filter(({ of }) =>
    standings.every(({ costs }) => costs.every((cost) => of(cost) !== undefined)),
  );
  const rows = standings.map((one) => {
    const medians = measures.map(({ of }) => `${show(quantile(measured(one, of), 0.5))} µs`);
    const cells = [one.name, ...medians];
    if (one === ours) return [...cells, ...measures.map(() => ''), ''];
    const ratiosToOurs = measures.map(({ of }) => spread(ratios(ours, one, of)));
    return [...cells, ...ratiosToOurs, reached(ratios(ours, one, CLOCK.of), one.name, aims)];
  });
  const names = measures.map(({ name }) => name);
  return aligned([['', ...names, ...names.map((name) => `ours, by ${name}`), 'target'], ...rows]);
}

/** How many times as fast as this contender ours was, in the median round. */
export function medianRatio(standings: readonly Standing[], against: string): number {
  const [ours] = standings;
  const theirs = standings.find(({ name }) => name === against);
  if (ours === undefined || theirs === undefined) throw new Error(`no ${against} took part`);
  return quantile(ratios(ours, theirs, CLOCK.of), 0.5);
}

function ratios(ours: Standing, theirs: Standing, of: Measure['of']): number[] {
  return theirs.costs.flatMap((cost, round) => {
    const counterpart = ours.costs[round];
    const own = counterpart && of(counterpart);
    const other = of(cost);
    // A round that was too short to be counted says nothing.
    return other === undefined || own === undefined || own === 0 ? [] : [other / own];
  });
}

function measured({ costs }: Standing, of: Measure['of']): number[] {
  return costs.flatMap((cost) => of(cost) ?? []);
}

function spread(values: readonly number[]): string {
  const at = (part: number) => quantile(values, part).toFixed(2);
  return `${at(0.5)}× (${at(0.1)} … ${at(0.9)})`;
}

function reached(byClock: readonly number[], name: string, aims: readonly Aim[]): string {
  const aim = aims.find(({ against }) => against === name);
  if (aim === undefined) return '';
  return `≥ ${aim.atLeast}×: ${verdict(quantile(byClock, 0.5) >= aim.atLeast)}`;
}
