import { runOperation } from './services/operation.ts';
import type { Words } from './usage/read-words.mjs';

/** `npm run break-glass`: ends every token and every session. Auth may be running. */
export function main(words: Words): Promise<number> {
  return runOperation('auth', 'break-glass', words.all);
}
