/**
 * `pnpm faults`: real faults on real processes, and whether the guarantees held in what was recorded.
 *
 *   --seed N     repeats the choices of a run
 *   --only NAME  one fault; may be given several times; `receipts` is the count of receipts
 *   --list       names them all
 *   --short      what lasts a minute lasts seconds, and fewer receipts are counted
 */
import { parseArgs } from 'node:util';
import { FAULTS } from './catalogue.ts';
import { countReceipts } from './receipts.ts';
import { PrintedReport } from './report.ts';
import { runFaults } from './run-faults.ts';

const RECEIPTS = 'receipts';
const FULL = { logouts: 10_000, everywhere: 500 };
const SHORT = { logouts: 500, everywhere: 50 };
/** S, in milliseconds: what it is unless configured, and less, so that less has to be waited for. */
const FULL_S = 5_000;
const SHORT_S = 3_000;

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    only: { type: 'string', multiple: true },
    list: { type: 'boolean', default: false },
    short: { type: 'boolean', default: false },
  },
});
process.exitCode = await main();

async function main(): Promise<number> {
  const { list, short, only } = values;
  if (list) {
    for (const { name, about } of FAULTS) console.log(`  ${name.padEnd(28)}${about}`);
    console.log(`  ${RECEIPTS.padEnd(28)}no acceptance after a receipt that everybody confirmed`);
    return 0;
  }
  const names = [...FAULTS.map(({ name }) => name), RECEIPTS];
  const unknown = only?.filter((name) => !names.includes(name)) ?? [];
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
  if (unknown.length > 0 || !Number.isSafeInteger(seed)) {
    console.error(`not a fault or not a seed: ${unknown.join(', ')}; --list names the faults`);
    return 2;
  }
  const wanted = (name: string): boolean => only?.includes(name) ?? true;
  console.log(`  seed ${seed}`);
  const report = new PrintedReport();
  const faults = FAULTS.filter(({ name }) => wanted(name));
  const options = { seed, short, forbearing: false, maxStalenessMs: short ? SHORT_S : FULL_S };
  if (faults.length > 0) await runFaults(faults, options, report);
  if (wanted(RECEIPTS)) report.done(await countReceipts({ seed, ...(short ? SHORT : FULL) }));
  const { held, violated, skips } = report;
  console.log(`\n  ${held} held, ${violated} violated, ${skips} skipped (seed ${seed})`);
  return violated === 0 ? 0 : 1;
}
