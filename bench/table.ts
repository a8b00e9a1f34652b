/** What benchmarks print: one line a figure, the contenders side by side, and the ratio. */

export interface Figure {
  name: string;
  unit: string;
  ours: number;
  theirs: number;
  /** What it should stay below, in the same unit. */
  target?: number;
}

/** @param names of the two contenders */
export function tableOf(names: [ours: string, theirs: string], figures: Figure[]): string {
  const head = ['', ...names, 'ratio', 'target'];
  const rows = figures.map(({ name, unit, ours, theirs, target }) => [
    name,
    `${show(ours)} ${unit}`,
    `${show(theirs)} ${unit}`,
    `${(ours / theirs).toFixed(2)}×`,
    target === undefined ? '' : `≤ ${show(target)} ${ours <= target ? '✓' : '✗'}`,
  ]);
  const widths = head.map((_, column) =>
    Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: string[]): string =>
    cells
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
  return [head, ...rows].map(line).join('\n');
}

function show(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
