import { runSource } from './checks/run-alone.ts';
import type { Words } from './usage/read-words.mjs';

/** `npm run simulate`: the revocation protocol over a simulated clock, bus and database. */
export function main({ all }: Words): Promise<number> {
  return runSource('simulate', 'apps/auth/simulation/main.ts', all);
}
