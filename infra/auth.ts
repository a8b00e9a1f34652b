import { runOperation } from './services/operation.ts';

/** `npm run auth -- COMMAND …`: a command of auth, on its database. */
export function main(words: readonly string[]): Promise<number> {
  return runOperation('auth', words);
}
