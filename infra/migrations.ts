import { runOnServers, type Program } from './checks/run-on-servers.ts';
import type { Words } from './usage/read-words.mjs';

const PROGRAM: Program = { name: 'migrations', file: 'infra/migrations/main.ts', durable: false };

/** `npm run migrations`: every migration under load, on servers of its own. */
export function main(words: Words): Promise<number> {
  return runOnServers(PROGRAM, async () => words.all);
}
