import { runSource } from './checks/run-alone.ts';
import type { Words } from './usage/read-words.mjs';

/** `npm run fuzz`: the verifier against tokens that no test names. */
export function main({ all }: Words): Promise<number> {
  return runSource('fuzz', 'packages/verify/fuzz/main.ts', all);
}
