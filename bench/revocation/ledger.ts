/**
 * The ledger by itself, beside a Set and a Map of strings: what an entry takes, how long a look-up
 * does, and for how long nothing else can happen while a million are added.
 */
import { z } from 'zod';
import type { RunOptions } from '../benchmark.ts';
import { tableOf, type Target } from '../table.ts';
import { measureLedgers, measurement, type Measurement } from './ledger-measurement.ts';

const SIZES = [1_000_000, 10_000_000];

export async function benchLedger({ short }: RunOptions): Promise<void> {
  for (const entries of short ? [50_000] : SIZES) {
    const [ours, set, map, nothing] = z
      .tuple([measurement, measurement, measurement, measurement])
      .parse(
        await measureLedgers({
          entries,
          contenders: ['ledger', 'set', 'map', 'nothing'],
          // Adding ten million takes long, and pauses longer.
          fillings: entries > 2_000_000 ? 2 : 5,
          lookUps: true,
        }),
      );
    const figure = (
      name: string,
      unit: string,
      of: (one: Measurement) => number,
      target?: Target,
    ) => ({
      name,
      unit,
      ours: of(ours),
      theirs: [of(set), of(map)],
      ...(target === undefined ? {} : { target }),
    });
    console.log(`\n  ${entries.toLocaleString('en')} sessions`);
    console.log(
      tableOf(
        ['ledger', 'Set', 'Map with expiry'],
        [
          figure('an entry', 'B', ({ bytes }) => bytes, { atMost: 32 }),
          figure('look-up, absent', 'ns', ({ absentNs }) => absentNs),
          figure('look-up, present', 'ns', ({ presentNs }) => presentNs),
          figure('adding', 'ns', ({ addNs }) => addNs),
          figure('longest pause, clock', 'ms', ({ pauseMs }) => pauseMs, { atMost: 10 }),
          figure('longest 100, processor', 'ms', ({ hundredMs }) => hundredMs, { atMost: 10 }),
        ],
      ),
    );
    console.log(
      `  the same loop while nothing is added: longest pause ${nothing.pauseMs.toFixed(2)} ms, ` +
        `longest 100 ${nothing.hundredMs.toFixed(2)} ms`,
    );
  }
}
