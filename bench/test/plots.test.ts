/** Plots of what `npm run capacity -- --json` writes. */
import { expect, it } from 'vitest';
import { plotsOf } from '../capacity/plots/plots.ts';

const median = (value: number) => ({ median: value, least: value, most: value });
const receipts = (...p50: number[]) => ({
  subjects: p50.map((ms, at) => ({ name: ['ours', 'former'][at], p50: ms, beside: { p50: 1 } })),
});
const written = {
  machine: { node: 'v20' },
  flatness: {
    sessions: [10_000, 100_000, 1_000_000],
    operations: [
      { name: 'refreshes', ratios: [median(1), median(1.5), median(2)] },
      { name: 'log & out', ratios: [median(1), median(1), median(1)] },
    ],
  },
  receipts: receipts(5, 9),
  'receipts-100': receipts(11),
};

it('has a line for each operation, as high as its values are', () => {
  const svg = plotsOf(written).get('flatness.svg') ?? '';
  const lines = [...svg.matchAll(/<path class="c(\d)" d="M([\d. ]+(?:L[\d. ]+)+)"\/>/g)];
  const heights = lines.map(([, , path = '']) =>
    path.split('L').map((point) => Number(point.split(' ')[1])),
  );
  const [bottom, top] = [268, 40];
  const y = (value: number) => Number((bottom - (value / 2) * (bottom - top)).toFixed(1));
  expect(heights).toEqual([
    [y(1), y(1.5), y(2)],
    [y(1), y(1), y(1)],
  ]);
  expect(svg).toContain('>1,000,000</text>');
  expect(svg).toContain('>log &amp; out</text>');
  expect(svg).toContain('prefers-color-scheme: dark');
});

it('shows receipts above the commit, and nothing where nothing was measured', () => {
  const svg = plotsOf(written).get('receipts.svg') ?? '';
  expect([...svg.matchAll(/<circle class="c0"/g)]).toHaveLength(2);
  expect([...svg.matchAll(/<circle class="c1"/g)]).toHaveLength(1);
  expect(svg).not.toContain('NaN');
  expect([...plotsOf({ machine: {} }).keys()]).toEqual([]);
});
