/**
 * `pnpm faults`: real faults on real processes, and whether the guarantees held in what was recorded.
 *
 *   --seed N     repeats the choices of a run
 *   --case NAME  one case; may be given several times
 *   --list       names them all
 *   --short      what lasts a minute lasts seconds, and fewer logouts are counted
 *
 * Ends with 1 when anything was violated, and with 2 for a name or a seed that there is not.
 */
import { parseArgs } from 'node:util';
import { FAULTS } from './catalogue.ts';
import { countLogouts } from './logouts.ts';
import { PrintedReport } from './report.ts';
import { runFaults } from './run-faults.ts';

const LOGOUTS = 'logouts';
const FULL = { logouts: 10_000, everywhere: 500 };
const SHORT = { logouts: 500, everywhere: 50 };
/** S, in milliseconds: what it is unless configured, and less, so that less has to be waited for. */
const FULL_S = 5_000;
const SHORT_S = 3_000;

const { values } = parseArgs({
  // pnpm hands on the dashes that separate its own options from ours.
  args: process.argv.slice(2).filter((word) => word !== '--'),
  options: {
    seed: { type: 'string' },
    case: { type: 'string', multiple: true },
    list: { type: 'boolean', default: false },
    short: { type: 'boolean', default: false },
  },
});
process.exitCode = await main();

async function main(): Promise<number> {
  const { list, short, case: only } = values;
  if (list) {
    for (const { name, about } of FAULTS) console.log(`  ${name.padEnd(28)}${about}`);
    console.log(
      `  ${LOGOUTS.padEnd(28)}nothing is broken; every receipt of thousands of logouts is put to the test`,
    );
    return 0;
  }
  const names = [...FAULTS.map(({ name }) => name), LOGOUTS];
  const unknown = only?.filter((name) => !names.includes(name)) ?? [];
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
  if (unknown.length > 0 || !Number.isSafeInteger(seed)) {
    console.error(`not a case or not a seed: ${unknown.join(', ')}; --list names the cases`);
    return 2;
  }
  const wanted = (name: string): boolean => only?.includes(name) ?? true;
  const report = new PrintedReport();
  report.begin();
  const faults = FAULTS.filter(({ name }) => wanted(name));
  const options = { seed, short, forbearing: false, maxStalenessMs: short ? SHORT_S : FULL_S };
  if (faults.length > 0) await runFaults(faults, options, report);
  if (wanted(LOGOUTS)) await count(seed, short ? SHORT : FULL, report);
  const { held, violated, skips } = report;
  console.log(`\n  ${held} held, ${violated} violated, ${skips} skipped (seed ${seed})`);
  return violated === 0 ? 0 : 1;
}

async function count(seed: number, size: typeof FULL, report: PrintedReport): Promise<void> {
  try {
    const { result, summary } = await countLogouts({ seed, ...size });
    report.done(result);
    console.log(`      ${summary}`);
  } catch (error) {
    report.broken(LOGOUTS, seed, error);
  }
}
