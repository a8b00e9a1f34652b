import { runAlone } from './checks/run-alone.ts';
import { turbo, turboEnvironment } from './services/build.ts';
import type { Words } from './usage/read-words.mjs';

/** `npm run typecheck`: the types of every package, its tests and what it builds on. */
export function main({ all }: Words): Promise<number> {
  return runAlone('npm run typecheck', turbo('run', 'typecheck', ...all), turboEnvironment());
}
