import { setTimeout as sleep } from 'node:timers/promises';
import { published } from './checks/settled.ts';
import type { Logged, LogWatch } from './history/logged.ts';

/** For what was left behind to be numbered and published. Milliseconds. */
const SETTLING_MS = 20_000;

/** @returns the rows that are new, once nothing is left to be done about them, or at the limit */
export async function settle(log: LogWatch, already: ReadonlySet<string>): Promise<Logged[]> {
  const deadline = performance.now() + SETTLING_MS;
  for (;;) {
    await log.look();
    const rows = log.rows.filter(({ id }) => !already.has(id));
    if (published(rows).length === 0 || performance.now() > deadline) return rows;
    await sleep(100);
  }
}
