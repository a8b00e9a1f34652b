/**
 * `npm run load`: an everyday half hour, and whether every guarantee held in what was recorded.
 *
 *   --minutes N  30 unless given; of 2 it is a look whether it runs, and memory is not judged
 *   --seed N     repeats the choices of a run
 *
 * Ends with 1 when anything was violated or any request failed that no documented retry covers, and with 3 when
 * nothing was, but the run shows too little to say so.
 */
import { parseArgs } from 'node:util';
import { boundOf, estimateOf, lengthsOf } from '../faults/lengths.ts';
import { PrintedReport } from '../faults/report.ts';
import { runFault } from '../faults/run-fault.ts';
import { furnishedStage, removeQuietly } from '../faults/run-faults.ts';
import { within } from '../faults/within.ts';
import { balancerOf, everyday } from './everyday.ts';
import type { Memory } from './memory.ts';
import { patientAsk } from './patient-ask.ts';

const MINUTES = 30;
/** S, as it is unless configured. Milliseconds. */
const MAX_STALENESS_MS = 5_000;
const PROGRESS_MS = 60_000;

const { values } = parseArgs({
  options: { minutes: { type: 'string' }, seed: { type: 'string' } },
});
// Not merely the exit code: what hung may go on.
process.exit(await main());

async function main(): Promise<number> {
  const minutes = Number(values.minutes ?? MINUTES);
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
  const again = new Map<string, number>();
  const ask = patientAsk(again);
  const report = new PrintedReport();
  const began = performance.now();
  const minute = () => ((performance.now() - began) / 60_000).toFixed(1);
  const fault = everyday({
    lastsMs: minutes * 60_000,
    ask,
    onMemory: (memory) => console.log(`  ${minute()} min  ${said(memory)}`),
  });
  const lengths = lengthsOf(MAX_STALENESS_MS, false);
  report.begin([{ name: fault.name, estimate: estimateOf(fault, lengths) }]);
  const progress = setInterval(() => console.log(`  ${minute()} min`), PROGRESS_MS);
  const { stage, accounts } = await furnishedStage(MAX_STALENESS_MS, {
    NODE_OPTIONS: `--import ${new URL('collect-on-signal.mjs', import.meta.url).href}`,
  });
  try {
    const doors = [balancerOf(stage)];
    const options = { stage, accounts, seed, short: false, forbearing: false, ask, doors };
    const bound = boundOf(estimateOf(fault, lengths));
    const result = await within(bound, runFault(fault, options));
    report.done(result);
    console.log(
      `      ${result.history.changes.length} changes, ${result.history.issues.length} logins and refreshes`,
    );
  } catch (error) {
    report.broken(fault.name, error);
  } finally {
    clearInterval(progress);
    await removeQuietly(stage);
  }
  for (const [why, times] of again) console.log(`      asked again ${times} times: ${why}`);
  console.log(`\n  ${minute()} minutes (seed ${seed})`);
  if (report.violated > 0) return 1;
  return report.inconclusive > 0 ? 3 : 0;
}

function said(memory: Memory): string {
  const each = [...memory].map(([name, held]) => `${name} ${held.toFixed(0)} MiB`);
  return `held after a collection: ${each.join(', ')}`;
}
