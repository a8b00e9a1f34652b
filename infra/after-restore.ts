import { runOperation } from './services/operation.ts';

/** `npm run after-restore`: makes a restored backup safe to serve from. Auth is stopped. */
export function main(words: readonly string[]): Promise<number> {
  return runOperation('auth', ['after-restore', ...words]);
}
