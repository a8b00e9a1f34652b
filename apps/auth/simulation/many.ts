/** Many seeds, shared among processes: the first shares them out, each child runs its share. */
import { fork } from 'node:child_process';
import { printRun } from './report.ts';
import { run, type Run } from './run.ts';
import { addTally, emptyTally, type Tally } from './tally.ts';

export interface Outcome {
  violated: number;
  tally: Tally;
}

/** In this process. */
export async function runSeeds(
  from: number,
  seeds: number,
  spared: readonly string[] = [],
): Promise<Outcome> {
  const tally = emptyTally();
  let violated = 0;
  for (let seed = from; seed < from + seeds; seed += 1) {
    const result: Run = await run(seed, { spared });
    addTally(tally, result.tally);
    if (result.violations.length === 0) continue;
    violated += 1;
    printRun(result);
  }
  return { violated, tally };
}

/** In children of this process, which is then only waiting. */
export async function shareSeeds(
  from: number,
  seeds: number,
  jobs: number,
  spared: readonly string[],
): Promise<Outcome> {
  const share = Math.ceil(seeds / jobs);
  const tally = emptyTally();
  let violated = 0;
  const shares = Array.from({ length: jobs }, async (_, job) => {
    const first = from + job * share;
    const count = Math.max(0, Math.min(share, from + seeds - first));
    const outcome = await inChild(first, count, spared);
    violated += outcome.violated;
    addTally(tally, outcome.tally);
  });
  await Promise.all(shares);
  return { violated, tally };
}

async function inChild(from: number, seeds: number, spared: readonly string[]): Promise<Outcome> {
  return await new Promise((resolve, reject) => {
    const main = process.argv[1];
    if (main === undefined) throw new Error('there is no program to start again');
    const spare = spared.flatMap((name) => ['--spare', name]);
    const share = ['--from', `${from}`, '--seeds', `${seeds}`, '--jobs', '1'];
    const child = fork(main, [...share, ...spare]);
    child.on('message', (outcome: Outcome) => resolve(outcome));
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`a share of the seeds ended with ${code}`)));
  });
}
