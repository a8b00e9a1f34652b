import { runTurbo } from './services/run-turbo.ts';

/** `npm run typecheck`: the types of every package, its tests and what it builds on. */
export function main(words: readonly string[]): Promise<number> {
  return runTurbo('npm run typecheck', ['run', 'typecheck', ...words]);
}
