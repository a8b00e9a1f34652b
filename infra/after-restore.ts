import { runOperation } from './services/operation.ts';

/** `npm run after-restore`: makes a restored backup safe to serve from. Auth is stopped. */
export function main(words: readonly string[]): Promise<number> {
  return runOperation({ name: 'after-restore', words, beside: false });
}
