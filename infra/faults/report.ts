import { isWithout } from './checks/exact.ts';
import type { Fault } from './fault.ts';
import type { Report } from './run-faults.ts';
import type { Result } from './run-fault.ts';

/** Offences of each sort that are shown; the rest are counted. */
const SHOWN = 3;
const COLUMNS = [
  ['case', 26],
  ['seed', 10],
  ['operations', 10],
  ['ended', 6],
  ['unknown', 7],
  ['no verdict', 10],
  ['not judged', 10],
  ['s', 6],
  ['outcome', 8],
] as const;

/**
 * A table with a row for each case, and below a row what was violated.
 *
 * `operations` is all that the history holds; of them `unknown` had no answer or an error for one,
 * and to `no verdict` a verifier could not say whether a token holds. Where the fault does not excuse
 * that, it is a violation, unless the machine gave nobody the time: those are `not judged`.
 */
export class PrintedReport implements Report {
  held = 0;
  violated = 0;
  skips = 0;

  begin(): void {
    this.#row(COLUMNS.map(([name]) => name));
  }

  done(result: Result): void {
    const { fault, seed, history, revocations, unjudged, offences, seconds } = result;
    const holds = offences.length === 0;
    if (holds) this.held += 1;
    else this.violated += 1;
    this.#row([
      fault,
      seed,
      history.operations,
      revocations,
      [...history.changes, ...history.issues].filter(({ outcome }) => outcome === 'unknown').length,
      history.verifications.filter(isWithout).length,
      unjudged,
      seconds.toFixed(1),
      holds ? 'held' : 'VIOLATED',
    ]);
    for (const check of new Set(offences.map((offence) => offence.check))) {
      const all = offences.filter((offence) => offence.check === check);
      for (const { what } of all.slice(0, SHOWN)) console.log(`      ${check}: ${what}`);
      if (all.length > SHOWN) console.log(`      ${check}: and ${all.length - SHOWN} more`);
    }
    if (!holds || unjudged > 0) {
      const { machine } = history;
      const part = (100 * machine.waiting).toFixed(0);
      console.log(
        `      the machine: a process waited for a processor for ${part} % of the time, ` +
          `and everything stood still for ${machine.stalledFor().toFixed(0)} ms`,
      );
    }
    if (!holds) console.log(`      ${history.marks.join('; ')}`);
  }

  skipped({ name }: Fault, why: string): void {
    this.skips += 1;
    this.#row([name, '', '', '', '', '', '', '', 'skipped']);
    console.log(`      ${why}`);
  }

  broken(name: string, seed: number, error: unknown): void {
    this.violated += 1;
    this.#row([name, seed, '', '', '', '', '', '', 'BROKEN']);
    console.log(`      ${error instanceof Error ? error.message : String(error)}`);
  }

  #row(cells: readonly (string | number)[]): void {
    const padded = COLUMNS.map(([, width], n) => {
      const cell = String(cells[n] ?? '');
      return n === 0 ? cell.padEnd(width) : cell.padStart(width);
    });
    console.log(`  ${padded.join('  ')}`);
  }
}
