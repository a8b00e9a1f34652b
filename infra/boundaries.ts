import { runTurbo } from './services/run-turbo.ts';

/** `npm run boundaries`: which package may use which. */
export function main(words: readonly string[]): Promise<number> {
  return runTurbo('npm run boundaries', ['boundaries', ...words]);
}
