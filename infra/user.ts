import { runOperation } from './services/operation.ts';
import type { Words } from './usage/read-words.mjs';

/** `npm run user -- COMMAND …`: a command of the user service, on its database. */
export function main({ command, all }: Words): Promise<number> {
  return runOperation('user', command, all.slice(1));
}
