import { stalledFor } from './history/pulse.ts';
import { CHECKS } from './checks/judge.ts';
import type { Fault } from './fault.ts';
import type { Report } from './run-faults.ts';
import type { Result } from './run-fault.ts';

/** Offences of each sort that are shown; the rest are counted. */
const SHOWN = 3;
const NAME_WIDTH = 28;

/** One line for each fault, and below it what was violated. */
export class PrintedReport implements Report {
  held = 0;
  violated = 0;
  skips = 0;

  done(result: Result): void {
    const { fault, offences } = result;
    const holds = offences.length === 0;
    if (holds) this.held += 1;
    else this.violated += 1;
    console.log(
      `  ${holds ? 'held    ' : 'VIOLATED'}  ${fault.padEnd(NAME_WIDTH)}${facts(result)}`,
    );
    for (const check of new Set(offences.map((offence) => offence.check))) {
      const all = offences.filter((offence) => offence.check === check);
      for (const { what } of all.slice(0, SHOWN)) console.log(`      ${check}: ${what}`);
      if (all.length > SHOWN) console.log(`      ${check}: and ${all.length - SHOWN} more`);
    }
    if (!holds) console.log(`      ${result.history.marks.join('; ')}`);
  }

  skipped({ name }: Fault, why: string): void {
    this.skips += 1;
    console.log(`  skipped   ${name.padEnd(NAME_WIDTH)}${why}`);
  }

  broken({ name }: Fault, error: unknown): void {
    this.violated += 1;
    const why = error instanceof Error ? error.message : String(error);
    console.log(`  BROKEN    ${name.padEnd(NAME_WIDTH)}${why}`);
  }
}

function facts({ history, revocations, seed, seconds }: Result): string {
  const { verifications } = history;
  const withoutVerdict = verifications.filter(
    ({ verdict }) => verdict !== 'accepted' && verdict !== 'refused',
  ).length;
  // A machine that is too busy to answer is too busy to renew: this tells it from a fault.
  const times = verifications
    .filter(({ verdict }) => verdict === 'accepted')
    .map(({ start, end }) => end - start)
    .toSorted((a, b) => a - b);
  const p99 = times[Math.floor(times.length * 0.99)] ?? 0;
  const stalled = stalledFor(history.stalls, 0, Number.POSITIVE_INFINITY);
  return [
    `seed ${seed}`,
    `${history.operations} operations`,
    `${revocations} revocations`,
    `${withoutVerdict} without a verdict`,
    `acceptance p99 ${p99.toFixed(0)} ms`,
    `machine stalled ${stalled.toFixed(0)} ms`,
    Object.keys(CHECKS).join(' '),
    `${seconds.toFixed(1)} s`,
  ].join('  ');
}
