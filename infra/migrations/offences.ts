import type { Seen } from './load.ts';

/** Of one request because of a migration, in milliseconds. */
const LONGEST_MS = 1_000;
/** A machine on which requests take so long by themselves shows nothing by how long they take. */
const QUIET_MS = 500;
/** What a client tries again, as docs/operations.md says: 503, a lock that was not had in time. */
const RETRIED = new Set(['503', '55P03']);

export interface Tried {
  readonly name: string;
  readonly before: Seen;
  readonly during: Seen;
  /** The longest that the server saw a request wait for the migration. */
  readonly waited: number;
  readonly deadlocks: number;
  readonly seconds: number;
  /** Why the migration was given up. */
  readonly failure: string | undefined;
}

/** @param quiet whether the machine is, as far as is known: how long a request takes shows something then */
export function offencesOf(tried: Tried, quiet = tried.before.longest < QUIET_MS): string[] {
  const { name, during, waited, deadlocks, failure } = tried;
  const found: string[] = [];
  if (failure !== undefined) found.push(`${name} was not applied: ${failure}`);
  if (deadlocks > 0) found.push(`${name}: ${deadlocks} deadlocks`);
  if (waited > LONGEST_MS) found.push(`${name}: a request waited ${waited.toFixed(0)} ms for it`);
  if (during.longest > LONGEST_MS && quiet) {
    found.push(`${name}: a request took ${during.longest.toFixed(0)} ms`);
  }
  for (const [code, count] of during.failures) {
    if (!RETRIED.has(code)) found.push(`${name}: ${count} requests failed with ${code}`);
  }
  return found;
}
