/** What a benchmark of contenders that take turns prints: a line each, the first is ours. */
import { quantile } from './distribution.ts';
import type { Cost, Standing } from './rounds.ts';
import { aligned, show, verdict } from './table.ts';

/** How many times as fast as this contender ours has to be, at the least. */
export interface Aim {
  readonly against: string;
  readonly atLeast: number;
}

/**
 * `ours` is the median over the rounds of what theirs took divided by what ours took in the same
 * round, and in brackets the tenth and the ninetieth hundredth of them.
 *
 * @throws Error when there is nobody to compare
 */
export function comparisonOf(standings: readonly Standing[], aims: readonly Aim[] = []): string {
  const [ours] = standings;
  if (ours === undefined) throw new Error('nobody took part');
  const rows = standings.map((one) => {
    const median = (of: (cost: Cost) => number) => show(quantile(one.costs.map(of), 0.5));
    const cells = [
      one.name,
      `${median(({ clock }) => clock)} µs`,
      `${median(({ processor }) => processor)} µs`,
    ];
    if (one === ours) return [...cells, '', '', ''];
    const byClock = ratios(ours, one, ({ clock }) => clock);
    const byProcessor = ratios(ours, one, ({ processor }) => processor);
    return [...cells, spread(byClock), spread(byProcessor), reached(byClock, one.name, aims)];
  });
  const head = ['', 'clock', 'processor', 'ours, by the clock', 'ours, by processor', 'target'];
  return aligned([head, ...rows]);
}

/** How many times as fast as this contender ours was, in the median round. */
export function medianRatio(standings: readonly Standing[], against: string): number {
  const [ours] = standings;
  const theirs = standings.find(({ name }) => name === against);
  if (ours === undefined || theirs === undefined) throw new Error(`no ${against} took part`);
  return quantile(
    ratios(ours, theirs, ({ clock }) => clock),
    0.5,
  );
}

function ratios(ours: Standing, theirs: Standing, of: (cost: Cost) => number): number[] {
  return theirs.costs.flatMap((cost, round) => {
    const own = ours.costs[round];
    // A round that was too short to be counted says nothing.
    return own === undefined || of(own) === 0 ? [] : [of(cost) / of(own)];
  });
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
