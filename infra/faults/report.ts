import type { Offence } from './checks/judge.ts';
import type { Fault } from './fault.ts';
import { boundOf } from './lengths.ts';
import type { Report } from './run-faults.ts';
import type { Result } from './run-fault.ts';

/** Offences of each sort that are shown; the rest are counted. */
const SHOWN = 3;
const COLUMNS = [
  ['case', 26],
  ['operations', 10],
  ['ended', 6],
  ['affected', 8],
  ['after T+S', 9],
  ['accepted', 8],
  ['excused', 7],
  ['not judged', 14],
  ['s', 6],
  ['outcome', 12],
] as const;

/** What is about to be run, and for how long. Milliseconds. */
export interface Plan {
  readonly name: string;
  readonly estimate: number;
}

/**
 * A table with a row for each case, and below a row what was violated, or what it lacks.
 *
 * `operations` is all that the history holds, `ended` the rows of the log. Of the tokens that were
 * shown to a verifier, `affected` had been ended, by then and, `after T+S`, for so long that none may
 * be accepted; and `accepted` were those that held. `excused` got no verdict because of the fault; and
 * `not judged` are those that got none though it was owed, when the machine gave no time, with their
 * share of all that were owed.
 */
export class PrintedReport implements Report {
  held = 0;
  violated = 0;
  inconclusive = 0;
  skips = 0;

  begin(plans: readonly Plan[]): void {
    console.log('  what is run, and about how long it takes:');
    for (const { name, estimate } of plans) {
      const least = seconds(estimate).padStart(6);
      console.log(`  ${name.padEnd(26)}${least}, ended after ${seconds(boundOf(estimate))}`);
    }
    const all = plans.reduce((sum, { estimate }) => sum + estimate, 0);
    console.log(`  all of it${seconds(all).padStart(23)}\n`);
    this.#row(COLUMNS.map(([name]) => name));
  }

  done(result: Result): void {
    const { fault, history, revocations, coverage, offences } = result;
    const { machine } = history;
    const holds = offences.length === 0 && coverage.lacks.length === 0;
    const outcome = offences.length > 0 ? 'VIOLATED' : holds ? 'held' : 'INCONCLUSIVE';
    if (offences.length > 0) this.violated += 1;
    else if (holds) this.held += 1;
    else this.inconclusive += 1;
    const { affected, pastS, unaffected, excused, unjudged, unjudgedShare } = coverage;
    this.#row([
      fault,
      history.operations,
      revocations,
      affected,
      pastS,
      unaffected,
      excused,
      `${unjudged} (${(100 * unjudgedShare).toFixed(1)} %)`,
      result.seconds.toFixed(1),
      outcome,
    ]);
    for (const what of linesOf(offences)) console.log(`      ${what}`);
    for (const lack of coverage.lacks) console.log(`      too little: ${lack}`);
    if (!holds || unjudged > 0) {
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
    this.#failed(name, 'skipped', why);
  }

  broken(name: string, error: unknown): void {
    this.violated += 1;
    this.#failed(name, 'BROKEN', error instanceof Error ? error.message : String(error));
  }

  #failed(name: string, outcome: string, why: string): void {
    this.#row([name, ...COLUMNS.slice(2).map(() => ''), outcome]);
    console.log(`      ${why}`);
  }

  #row(cells: readonly (string | number)[]): void {
    const padded = COLUMNS.map(([, width], n) => {
      const cell = String(cells[n] ?? '');
      return n === 0 ? cell.padEnd(width) : cell.padStart(width);
    });
    console.log(`  ${padded.join('  ')}`);
  }
}

/** The first of each sort, and how many more there are. */
function linesOf(offences: readonly Offence[]): string[] {
  return [...new Set(offences.map(({ check }) => check))].flatMap((check) => {
    const all = offences.filter((offence) => offence.check === check);
    const first = all.slice(0, SHOWN).map(({ what }) => `${check}: ${what}`);
    return all.length > SHOWN ? [...first, `${check}: and ${all.length - SHOWN} more`] : first;
  });
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1_000).toFixed(0)} s`;
}
