import { runOperation } from './services/operation.ts';
import type { Words } from './usage/read-words.mjs';

/** `npm run auth -- COMMAND …`: a command of auth, on its database. */
export function main({ command, all }: Words): Promise<number> {
  return runOperation('auth', command, all.slice(1));
}
