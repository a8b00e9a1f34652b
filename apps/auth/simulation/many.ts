/** Many seeds, shared among processes: the first shares them out, each child runs its share. */
import { fork } from 'node:child_process';
import { run, type Run } from './run.ts';
import { addTally, emptyTally, type Tally } from './tally.ts';

export interface Share {
  from: number;
  seeds: number;
  /** Kinds of faults that do not happen. */
  spared?: readonly string[];
  /** Kinds of faults that happen, regardless of the seed. */
  added?: readonly string[];
  /** Called for each seed when it is done. */
  done?: (run: Run) => void;
}

export interface Outcome {
  /** The runs in which a guarantee was violated. */
  violated: Run[];
  tally: Tally;
}

/** What a child reports to the process that distributes the seeds. */
export type Message = { what: 'done'; run: Run } | { what: 'over'; outcome: Outcome };

/** In this process. */
export async function runSeeds({
  from,
  seeds,
  spared = [],
  added = [],
  done,
}: Share): Promise<Outcome> {
  const outcome: Outcome = { violated: [], tally: emptyTally() };
  for (let seed = from; seed < from + seeds; seed += 1) {
    const result = await run(seed, { spared, added });
    addTally(outcome.tally, result.tally);
    if (result.violations.length > 0) outcome.violated.push(result);
    done?.(result);
  }
  return outcome;
}

/** In children of this process, which is then only waiting. */
export async function shareSeeds({ from, seeds, ...rest }: Share, jobs: number): Promise<Outcome> {
  const most = Math.ceil(seeds / jobs);
  const outcomes = await Promise.all(
    Array.from({ length: Math.ceil(seeds / most) }, async (_, job) => {
      const first = from + job * most;
      return await inChild({ from: first, seeds: Math.min(most, from + seeds - first), ...rest });
    }),
  );
  const tally = emptyTally();
  for (const outcome of outcomes) addTally(tally, outcome.tally);
  return { violated: outcomes.flatMap(({ violated }) => violated), tally };
}

async function inChild({ from, seeds, spared = [], added = [], done }: Share): Promise<Outcome> {
  const main = process.argv[1];
  if (main === undefined) throw new Error('there is no program to start again');
  const share = ['--from', `${from}`, '--seeds', `${seeds}`, '--jobs', '1'];
  const faults = [
    ...spared.flatMap((name) => ['--spare', name]),
    ...added.flatMap((name) => ['--add', name]),
  ];
  return await new Promise((resolve, reject) => {
    const child = fork(main, [...share, ...faults]);
    child.on('message', (message: Message) => {
      if (message.what === 'done') done?.(message.run);
      else resolve(message.outcome);
    });
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`a share of the seeds ended with ${code}`)));
  });
}
