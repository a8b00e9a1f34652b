/** The command; see `command.ts`. Exits with 1 when a guarantee is violated, or a removal missed. */
import { flagsOf, readCommand, type Command } from './command.ts';
import { runSeeds, shareSeeds, type Message } from './many.ts';
import { print, printProgress, printRun, printTally } from './report.ts';
import { run, type Run } from './run.ts';
import { WITHOUT } from './without/protections.ts';

/** Fewer are done before other processes have started. */
const WORTH_SHARING = 100;
const PROGRESS_EVERY = 250;

/** @returns whether every guarantee was kept */
async function replay(seed: number, command: Command): Promise<boolean> {
  const { quiet, spared, added, without } = command;
  const variant = WITHOUT.get(without[0] ?? '');
  const result = await run(seed, {
    ...(variant === undefined ? {} : { variant }),
    spared,
    added,
    ...(quiet ? {} : { trace: print }),
  });
  print(`history ${result.hash}`);
  printRun(result, flagsOf(command, without[0]));
  return result.violations.length === 0;
}

/** @returns whether every guarantee was kept in all of them */
async function simulate(command: Command): Promise<boolean> {
  const { from, seeds, jobs, spared, added } = command;
  const began = performance.now();
  let count = 0;
  let violations = 0;
  const done = (result: Run): void => {
    count += 1;
    if (result.violations.length > 0) {
      violations += 1;
      printRun(result, flagsOf(command));
    }
    if (count % PROGRESS_EVERY === 0 && count < seeds) printProgress(count, seeds, violations);
  };
  const share = { from, seeds, spared, added, done };
  const alone = jobs === 1 || seeds < WORTH_SHARING;
  const { violated, tally } = alone ? await runSeeds(share) : await shareSeeds(share, jobs);
  printTally(seeds, (performance.now() - began) / 1_000, violated.length, tally);
  return violated.length === 0;
}

/** A share of the seeds, for the process that shares them out. */
async function serve(
  { from, seeds, spared, added }: Command,
  send: (message: Message) => void,
): Promise<boolean> {
  const done = (result: Run): void => send({ what: 'done', run: result });
  send({ what: 'over', outcome: await runSeeds({ from, seeds, spared, added, done }) });
  return true;
}

/** @returns whether it is missed: a guarantee broke without it */
async function remove(name: string, command: Command): Promise<boolean> {
  const { from, seeds, spared, added } = command;
  const variant = WITHOUT.get(name);
  if (variant === undefined) throw new TypeError(`there is no protection named ${name}`);
  for (let seed = from; seed < from + seeds; seed += 1) {
    const result = await run(seed, { variant, spared, added });
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
  if (process.send !== undefined) return await serve(command, process.send.bind(process));
  if (command.without.length === 0) return await simulate(command);
  let missed = true;
  for (const name of command.without) missed = (await remove(name, command)) && missed;
  return missed;
}

/** A name that there is not is said in one line. */
function readOrEnd(): Command {
  try {
    return readCommand(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    process.stderr.write(`npm run simulate: ${error.message}\n`);
    process.exit(2);
  }
}

process.exitCode = (await main(readOrEnd())) ? 0 : 1;
