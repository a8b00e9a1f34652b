import { listOf, requireListed, runOnServers, type Program } from './checks/run-on-servers.ts';
import { note } from './steps.ts';
import type { Words } from './usage/read-words.mjs';

const PROGRAM: Program = { name: 'timing', file: 'apps/auth/timing/main.ts', durable: true };

/** `npm run timing`: whether the clock shows which addresses are known, on servers of its own. */
export async function main(words: Words): Promise<number> {
  requireListed(PROGRAM, words.values('only'));
  if (words.flag('list')) {
    console.log(listOf(PROGRAM));
    return 0;
  }
  const status = await runOnServers(PROGRAM, async () => words.all);
  // It may have been killed, and then has said nothing itself.
  if (status !== 0 && status !== 130) note(`timing ended with status ${status}`);
  return status;
}
