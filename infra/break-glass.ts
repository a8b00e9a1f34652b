import { runOperation } from './services/operation.ts';

/** `npm run break-glass`: ends every token and every session. Auth may be running. */
export function main(words: readonly string[]): Promise<number> {
  return runOperation('auth', ['break-glass', ...words]);
}
