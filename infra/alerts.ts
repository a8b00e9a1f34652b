import { listOf, requireListed, runOnServers, type Program } from './checks/run-on-servers.ts';
import { obtainPrometheus } from './deployment/tools.ts';
import { step } from './steps.ts';
import type { Words } from './usage/read-words.mjs';

const PROGRAM: Program = { name: 'alerts', file: 'infra/alerts/main.ts', durable: false };

/** `npm run alerts`: a Prometheus watches the whole system, and each alert fires by its cause. */
export async function main(words: Words): Promise<number> {
  requireListed(PROGRAM, words.names);
  if (!words.flag('list')) {
    return await runOnServers(PROGRAM, async (session) => [
      ...words.names,
      '--programs',
      await step('prometheus', async () => await obtainPrometheus(session)),
    ]);
  }
  console.log(listOf(PROGRAM));
  return 0;
}
