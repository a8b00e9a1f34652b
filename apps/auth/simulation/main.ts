/** The command; see `command.ts`. Exits with 1 when a guarantee is violated, or a removal missed. */
import { readCommand, type Command } from './command.ts';
import { runSeeds, shareSeeds } from './many.ts';
import { print, printRun, printTally } from './report.ts';
import { run } from './run.ts';
import { WITHOUT } from './without/protections.ts';

/** @returns whether every guarantee was kept */
async function replay(seed: number, { quiet, spared, without: [name] }: Command): Promise<boolean> {
  const variant = WITHOUT.get(name ?? '');
  const result = await run(seed, {
    ...(variant === undefined ? {} : { variant }),
    spared,
    ...(quiet ? {} : { trace: print }),
  });
  print(`history ${result.hash}`);
  printRun(result, name);
  return result.violations.length === 0;
}

/** @returns whether every guarantee was kept in all of them */
async function simulate({ from, seeds, jobs, spared }: Command): Promise<boolean> {
  const began = performance.now();
  const alone = jobs === 1 || seeds < 100;
  const outcome = alone
    ? await runSeeds(from, seeds, spared)
    : await shareSeeds(from, seeds, jobs, spared);
  const { violated, tally } = outcome;
  if (process.send === undefined) {
    printTally(seeds, (performance.now() - began) / 1_000, violated, tally);
  } else {
    process.send(outcome);
  }
  return violated === 0;
}

/** @returns whether it is missed */
async function remove(name: string, { from, seeds, spared }: Command): Promise<boolean> {
  const variant = WITHOUT.get(name);
  if (variant === undefined) throw new TypeError(`there is no protection named ${name}`);
  for (let seed = from; seed < from + seeds; seed += 1) {
    const result = await run(seed, { variant, spared });
    if (result.violations.length === 0) continue;
    print(`without ${name}: caught at seed ${seed}, after ${seed - from + 1}`);
    printRun(result, name);
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
