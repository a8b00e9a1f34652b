/** The command; see `command.ts`. Exits with 1 when a guarantee is violated, or a removal missed. */
import { flagsOf, readCommand, type Command } from './command.ts';
import { runSeeds, shareSeeds } from './many.ts';
import { print, printRun, printTally } from './report.ts';
import { run } from './run.ts';
import { WITHOUT } from './without/protections.ts';

/** Fewer are done before other processes have started. */
const WORTH_SHARING = 100;

/** @returns whether every guarantee was kept */
async function replay(seed: number, command: Command): Promise<boolean> {
  const { quiet, spared, without } = command;
  const variant = WITHOUT.get(without[0] ?? '');
  const result = await run(seed, {
    ...(variant === undefined ? {} : { variant }),
    spared,
    ...(quiet ? {} : { trace: print }),
  });
  print(`history ${result.hash}`);
  printRun(result, flagsOf(command, without[0]));
  return result.violations.length === 0;
}

/** @returns whether every guarantee was kept in all of them */
async function simulate(command: Command): Promise<boolean> {
  const { jobs, ...share } = command;
  const began = performance.now();
  const alone = jobs === 1 || share.seeds < WORTH_SHARING;
  const outcome = alone ? await runSeeds(share) : await shareSeeds(share, jobs);
  const { violated, tally } = outcome;
  if (process.send === undefined) {
    for (const each of violated) printRun(each, flagsOf(command));
    printTally(share.seeds, (performance.now() - began) / 1_000, violated.length, tally);
  } else {
    process.send(outcome); // to the process that shares the seeds out
  }
  return violated.length === 0;
}

/** @returns whether it is missed */
async function remove(name: string, command: Command): Promise<boolean> {
  const { from, seeds, spared } = command;
  const variant = WITHOUT.get(name);
  if (variant === undefined) throw new TypeError(`there is no protection named ${name}`);
  for (let seed = from; seed < from + seeds; seed += 1) {
    const result = await run(seed, { variant, spared });
    if (result.violations.length === 0) continue;
    print(`without ${name}: caught at seed ${seed}, after ${seed - from + 1}`);
    printRun(result, flagsOf(command, name));
    return true;
  }
  print(`without ${name}: NOT CAUGHT in ${seeds} seeds from ${from}`);
  return false;
}

async function main(command: Command): Promise<boolean> {
  if (command.seed !== undefined) return await replay(command.seed, command);
  if (command.without.length === 0) return await simulate(command);
  let missed = true;
  for (const name of command.without) missed = (await remove(name, command)) && missed;
  return missed;
}

process.exitCode = (await main(readCommand(process.argv.slice(2)))) ? 0 : 1;
