/** The plots of what `--json` has written. */
import { z } from 'zod';
import { linePlot } from './line-plot.ts';

const number = z
  .number()
  .nullable()
  .transform((value) => value ?? Number.NaN);
const receipts = z.object({
  subjects: z.array(z.object({ name: z.string(), p50: number, beside: z.object({ p50: number }) })),
});
const figures = z.object({
  flatness: z
    .object({
      sessions: z.array(z.number()),
      operations: z.array(
        z.object({ name: z.string(), ratios: z.array(z.object({ median: number })) }),
      ),
    })
    .optional(),
  receipts: receipts.optional(),
  'receipts-100': receipts.optional(),
  'receipts-1000': receipts.optional(),
});
type Figures = z.infer<typeof figures>;

/**
 * @param written as `--json` has written it
 * @returns texts by the names of their files; none for a part that is not in it
 * @throws ZodError for what it has not written
 */
export function plotsOf(written: unknown): Map<string, string> {
  const found = figures.parse(written);
  return new Map([...flatnessPlot(found), ...receiptsPlot(found)]);
}

function flatnessPlot({ flatness }: Figures): [string, string][] {
  if (flatness === undefined) return [];
  const plot = linePlot({
    title: "The database's own time, to that with the fewest sessions",
    across: 'sessions',
    marks: flatness.sessions.map((count) => count.toLocaleString('en')),
    up: 'times',
    lines: flatness.operations.map(({ name, ratios }) => ({
      name,
      values: ratios.map(({ median }) => median),
    })),
    target: 1.3,
  });
  return [['flatness.svg', plot]];
}

function receiptsPlot(found: Figures): [string, string][] {
  const sizes = [
    { verifiers: '3', part: found.receipts },
    { verifiers: '100', part: found['receipts-100'] },
    { verifiers: '1,000', part: found['receipts-1000'] },
  ].filter(({ part }) => part !== undefined);
  if (sizes.length < 2) return [];
  const names = new Set(sizes.flatMap(({ part }) => part?.subjects.map(({ name }) => name) ?? []));
  const plot = linePlot({
    title: 'A full receipt, above a bare commit (p50)',
    across: 'verifiers',
    marks: sizes.map(({ verifiers }) => verifiers),
    up: 'ms',
    lines: Array.from(names, (name) => ({
      name,
      values: sizes.map(({ part }) => {
        const subject = part?.subjects.find((one) => one.name === name);
        return subject === undefined ? Number.NaN : subject.p50 - subject.beside.p50;
      }),
    })),
  });
  return [['receipts.svg', plot]];
}
