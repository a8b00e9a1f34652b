/**
 * `npm run faults`: real faults on real processes, and whether the guarantees held in what was recorded.
 *
 *   --seed N     repeats the choices of a run
 *   --case NAME  one case; may be given several times
 *   --list       names them all
 *   --short      what lasts a minute lasts seconds, and fewer logouts are counted
 *
 * Says beforehand how long each takes and when it would be ended. Ends with 1 when anything was
 * violated, with 3 when nothing was, but a case shows too little to say so, and with 2 for a name or a
 * seed that there is not.
 */
import { parseArgs } from 'node:util';
import { FAULTS } from './catalogue.ts';
import { boundOf, estimateOf, lengthsOf, STAGE_MS } from './lengths.ts';
import { countLogouts, logoutsTake } from './logouts.ts';
import { PrintedReport } from './report.ts';
import { runFaults } from './run-faults.ts';
import { within } from './within.ts';

const LOGOUTS = 'logouts';
const FULL = { logouts: 10_000, everywhere: 500 };
const SHORT = { logouts: 500, everywhere: 50 };
/** S, in milliseconds: what it is unless configured, and less, so that less has to be waited for. */
const FULL_S = 5_000;
const SHORT_S = 3_000;

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    case: { type: 'string', multiple: true },
    list: { type: 'boolean', default: false },
    short: { type: 'boolean', default: false },
  },
});
// Not merely the exit code: what hung may go on.
process.exit(await main());

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
  const faults = FAULTS.filter(({ name }) => wanted(name));
  const maxStalenessMs = short ? SHORT_S : FULL_S;
  const size = short ? SHORT : FULL;
  const lengths = lengthsOf(maxStalenessMs, short);
  report.begin([
    ...(faults.length > 0 ? [{ name: 'servers and services', estimate: STAGE_MS }] : []),
    ...faults.map((fault) => ({ name: fault.name, estimate: estimateOf(fault, lengths) })),
    ...(wanted(LOGOUTS) ? [{ name: LOGOUTS, estimate: logoutsTake(size) }] : []),
  ]);
  const began = performance.now();
  if (faults.length > 0) {
    await runFaults(faults, { seed, short, forbearing: false, maxStalenessMs }, report);
  }
  if (wanted(LOGOUTS)) await count(seed, size, report);
  const { held, violated, inconclusive, skips } = report;
  const minutes = ((performance.now() - began) / 60_000).toFixed(1);
  console.log(
    `\n  ${held} held, ${violated} violated, ${inconclusive} inconclusive, ${skips} skipped ` +
      `in ${minutes} minutes (seed ${seed})`,
  );
  if (violated > 0) return 1;
  return inconclusive > 0 ? 3 : 0;
}

async function count(seed: number, size: typeof FULL, report: PrintedReport): Promise<void> {
  try {
    const counted = countLogouts({ seed, ...size });
    const { result, summary } = await within(boundOf(logoutsTake(size)), counted);
    report.done(result);
    console.log(`      ${summary}`);
  } catch (error) {
    report.broken(LOGOUTS, error);
  }
}
