import { runOperation } from './services/operation.ts';
import type { Words } from './usage/read-words.mjs';

/** `npm run after-restore`: makes a restored backup safe to serve from. Auth is stopped. */
export function main(words: Words): Promise<number> {
  return runOperation('auth', 'after-restore', words.all);
}
