/** What benchmarks print: one line a figure, what it is compared with beside it, and the target. */

export interface Figure {
  name: string;
  unit: string;
  ours: number;
  /** In the order of the columns; the ratio is ours to theirs. */
  theirs: readonly number[];
  target?: Target;
}

/**
 * What it should not exceed: so much, or so many times what the first of the others takes; or what it
 * should reach, as a part of what the first of the others does.
 */
export type Target = { atMost: number } | { timesFirst: number } | { atLeastTimesFirst: number };

/** @param columns the name of ours, then those of the others */
export function tableOf(columns: readonly [string, ...string[]], figures: Figure[]): string {
  const [ours, ...others] = columns;
  const head = ['', ours, ...others.flatMap((name) => [name, '']), 'target'];
  const rows = figures.map((figure) => [
    figure.name,
    `${show(figure.ours)} ${figure.unit}`,
    ...figure.theirs.flatMap((one) => [
      `${show(one)} ${figure.unit}`,
      `${(figure.ours / one).toFixed(2)}×`,
    ]),
    verdictOf(figure),
  ]);
  return aligned([head, ...rows]);
}

/** The first column and the last to the left, all between them to the right. */
export function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column === 0 || column === cells.length - 1
          ? cell.padEnd(width)
          : cell.padStart(width);
      })
      .join('  ')
      .trimEnd();
  return rows.map((cells) => `  ${line(cells)}`).join('\n');
}

function verdictOf({ ours, theirs, unit, target }: Figure): string {
  if (target === undefined) return '';
  if ('atMost' in target) {
    return `≤ ${show(target.atMost)} ${unit}: ${verdict(ours <= target.atMost)}`;
  }
  const first = theirs[0] ?? 0;
  if ('atLeastTimesFirst' in target) {
    const { atLeastTimesFirst: part } = target;
    return `≥ ${part}×: ${verdict(ours >= part * first)}`;
  }
  return `≤ ${target.timesFirst}×: ${verdict(ours <= target.timesFirst * first)}`;
}

export function verdict(met: boolean): string {
  return met ? 'met' : 'NOT MET';
}

export function show(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
