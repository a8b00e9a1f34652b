import { runOperation } from './services/operation.ts';

/** `npm run user -- COMMAND …`: a command of the user service, on its database. */
export function main(words: readonly string[]): Promise<number> {
  return runOperation('user', words);
}
