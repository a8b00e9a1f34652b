import { runOnServers } from './checks/run-on-servers.ts';
import type { Words } from './usage/read-words.mjs';

/** `npm run load`: everyday load against servers of its own that keep what they commit. */
export async function main(words: Words): Promise<number> {
  const program = { name: 'load', file: 'infra/load/main.ts', durable: true };
  return await runOnServers(program, async () => words.all);
}
