/** What is printed of runs. */
import type { Run } from './run.ts';
import type { Tally } from './tally.ts';

export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** @param flags what else it takes to see the same again */
export function printRun({ seed, faults, violations }: Run, flags: string): void {
  if (violations.length === 0) print(`seed ${seed}: every guarantee was kept`);
  for (const { guarantee, at, what } of violations) {
    print(`seed ${seed}: ${guarantee} violated at ${(at / 1_000).toFixed(4)} s: ${what}`);
  }
  print(`  faults: ${faults.join(', ') || 'none'}`);
  print(`  replay: npm run simulate -- --seed ${seed}${flags}`);
}

export function printProgress(done: number, seeds: number, violated: number): void {
  print(`${done} of ${seeds} seeds done, ${violated} violated a guarantee`);
}

export function printTally(seeds: number, seconds: number, violated: number, tally: Tally): void {
  const { tokens, revocations, lost, receipts, confirmed, grants } = tally;
  print(
    `${seeds} seeds in ${seconds.toFixed(1)} s (${(seeds / seconds).toFixed(0)} a second): ` +
      (violated === 0 ? 'every guarantee was kept' : `${violated} violated a guarantee`),
  );
  print(
    `  ${tokens} tokens, ${revocations} revocations (${lost} lost with the database), ` +
      `${receipts} receipts (${confirmed} confirmed by all), ${grants} grants`,
  );
  const { accepted, refused, stale } = tally;
  print(`  ${accepted} requests accepted, ${refused} refused, ${stale} not sure`);
}
