/** What the database does for one instance of auth, by its own statistics. */
import type { Instance, Stage } from './stage.ts';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 20;

export interface Backends {
  /** The statement that is looked for contains this. */
  readonly statement: string;
  /** `waiting` for a lock, or `idle` in a transaction that it began. */
  readonly state: 'waiting' | 'idle';
}

/** @returns whether the instance has a connection like that, within that many milliseconds */
export async function comesToHave(
  { log }: Stage,
  { postgres }: Instance,
  { statement, state }: Backends,
  timeoutMs: number,
): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const like = `%${statement}%`;
    const found = await log.sql`
      select from pg_stat_activity
      where datname = current_database() and client_port = any(${postgres.sources})
        and query ilike ${like}
        and case ${state}::text when 'waiting' then wait_event_type = 'Lock'
          else state = 'idle in transaction' end`;
    if (found.length > 0) return true;
    if (performance.now() > deadline) return false;
    await sleep(POLL_MS);
  }
}
