import { listOf, requireListed, runOnServers, type Program } from './checks/run-on-servers.ts';
import type { Words } from './usage/read-words.mjs';

const PROGRAM: Program = { name: 'faults', file: 'infra/faults/main.ts', durable: false };

/** `npm run faults`: the fault suite against servers of its own. */
export async function main(words: Words): Promise<number> {
  requireListed(PROGRAM, words.values('case'));
  if (!words.flag('list')) return await runOnServers(PROGRAM, async () => words.all);
  console.log(listOf(PROGRAM));
  return 0;
}
