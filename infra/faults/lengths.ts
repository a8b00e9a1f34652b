/** How long things last, and how long a case takes. Milliseconds, all. */
import type { Fault, Lengths } from './fault.ts';

/** A service starts, and is ready. */
export const RESTART_MS = 3_000;
/** Traffic before and after, healing, settling, and a last look at everything. */
const AROUND_MS = 5_000;
/** Servers, services and accounts, once for all cases. */
export const STAGE_MS = 20_000;

/** On a machine that gives each process a tenth of a processor, it takes that many times as long. */
const SLOWEST = 5;
/** For everything to come back: what does not within this is broken. */
const RECOVERY_MS = 180_000;

export function lengthsOf(maxStalenessMs: number, short: boolean): Lengths {
  const lasting = 2.5 * maxStalenessMs;
  return { maxStalenessMs, lasting, long: short ? lasting : 60_000 };
}

/** On a machine where no process waits for a processor. */
export function estimateOf(fault: Fault, lengths: Lengths): number {
  return fault.takes(lengths) + AROUND_MS;
}

/** After this long something hangs. */
export function boundOf(estimate: number): number {
  return SLOWEST * estimate + RECOVERY_MS;
}
