// One search through the model's states: Spin writes a program, the compiler makes it, it searches.
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mustRun, runCommand } from '../lifetime/run-command.ts';
import type { Session } from '../lifetime/session.ts';
import { tail } from '../lifetime/tail.ts';
import { StepFailure } from '../steps.ts';
import type { Bounds, ModelFile, Subject } from './subject.ts';
import type { Tools } from './tools.ts';

/** Far beyond any depth that is met; less than met would be reported, and fail the run. */
const MAX_DEPTH = 1_000_000;
const MAX_MEGABYTES = 6_000;

/** In every report of a search that came to an end of its own, with any result. */
const ENDED = /^pan: elapsed time/m;

export interface Search {
  states: number;
  transitions: number;
  depth: number;
  megabytes: number;
  seconds: number;
  /** The assertion that was broken, if one was. */
  broken: string | undefined;
  /** Why the search does not count as exhaustive; none if it does. */
  shortcomings: string[];
}

/**
 * Visits every state, keeping each in full: no two are distinguished by hash alone, and no order of
 * steps is left out.
 */
export async function searchAll(
  session: Session,
  tools: Tools,
  { name, bounds, model }: Subject & { name: string },
  size: 'short' | 'long',
): Promise<Search> {
  const definitions = [...definitionsOf(bounds), '-DSYMMETRY'];
  const folder = await build(session, tools, { name, model }, definitions, [
    size === 'long' ? '-O2' : '-O1',
    '-DNOREDUCE',
  ]);
  const report = await runPan(session, folder, [
    `-m${MAX_DEPTH}`,
    size === 'long' ? '-w25' : '-w20',
  ]);
  const search = parse(report);
  return { ...search, shortcomings: shortcomingsIn(report) };
}

export interface Refutation extends Search {
  /** What happens, step by step, until the assertion breaks. */
  story: string[];
}

/** Breadth first, so that a counterexample has as few statements as can be. */
export async function refute(
  session: Session,
  tools: Tools,
  mutant: Subject & { define: string },
): Promise<Refutation> {
  const definitions = [
    ...definitionsOf(mutant.bounds),
    `-D${mutant.define}`,
    '-DSHORTEST',
    ...(mutant.define.startsWith('MUTANT_') ? ['-DGUARANTEES_ONLY'] : []),
  ];
  const { define: name, model } = mutant;
  const folder = await build(session, tools, { name, model }, definitions, ['-O0', '-DBFS']);
  const search = parse(await runPan(session, folder, ['-w20']));
  return { ...search, story: await replay(session, tools, { folder, model }, definitions) };
}

function definitionsOf(bounds: Bounds | undefined): string[] {
  if (bounds === undefined) return [];
  return [
    `-DINCARNATIONS=${bounds.incarnations}`,
    `-DREVOCATIONS=${bounds.revocations}`,
    `-DINSTANCES=${bounds.instances}`,
    `-DS=${bounds.ticks}`,
    `-DEPOCHS=${bounds.epochs}`,
    ...(bounds.cut ? ['-DCUT'] : []),
    ...(bounds.linger ? ['-DLINGER'] : []),
    ...(bounds.lost ? ['-DLOST'] : []),
  ];
}

async function build(
  session: Session,
  { spin, compiler }: Tools,
  { name, model = 'revocation.pml' }: { name: string; model: ModelFile | undefined },
  definitions: readonly string[],
  flags: readonly string[],
): Promise<string> {
  const folder = join(session.dataFolder, name.replaceAll(/\W+/g, '-'));
  mkdirSync(folder, { recursive: true });
  copyFileSync(fileURLToPath(new URL(model, import.meta.url)), join(folder, model));
  const { supervisor } = session;
  await mustRun(supervisor, {
    name: 'spin',
    argv: [spin, preprocessor(compiler), ...definitions, '-a', model],
    cwd: folder,
    output: { file: join(folder, 'spin.log') },
  });
  await mustRun(supervisor, {
    name: 'compiler',
    argv: [
      compiler,
      ...['-w', '-DSAFETY', '-DNOFAIR', `-DMEMLIM=${MAX_MEGABYTES}`],
      ...flags,
      ...['-o', 'pan', 'pan.c'],
    ],
    cwd: folder,
    output: { file: join(folder, 'compiler.log') },
  });
  return folder;
}

const preprocessor = (compiler: string): string => `-P${compiler} -E -x c`;

async function runPan(session: Session, folder: string, argv: string[]): Promise<string> {
  const log = join(folder, 'pan.log');
  const status = await runCommand(session.supervisor, {
    name: 'the search',
    argv: [join(folder, 'pan'), ...argv],
    cwd: folder,
    output: { file: log },
  });
  session.signal.throwIfAborted();
  const report = readFileSync(log, 'utf8');
  if (!ENDED.test(report)) {
    throw new StepFailure(
      `${tail(log)}\n\nThe search in ${basename(folder)} ended with status ${status}.`,
    );
  }
  return report;
}

function parse(report: string): Omit<Search, 'shortcomings'> & { shortcomings: string[] } {
  const number = (pattern: RegExp): number => Number(pattern.exec(report)?.[1] ?? Number.NaN);
  return {
    states: number(/^\s*([\d.e+]+) states, stored$/m),
    transitions: number(/^\s*([\d.e+]+) transitions \(= stored\+matched\)$/m),
    depth: number(/depth reached (\d+)/),
    megabytes: number(/([\d.]+)\s+total actual memory usage/),
    seconds: number(/elapsed time ([\d.e+-]+) seconds/),
    broken: /assertion violated \(?(\w+)/.exec(report)?.[1],
    shortcomings: [],
  };
}

/** Everything by which Spin's report differs from that of a whole search without an error. */
function shortcomingsIn(report: string): string[] {
  const all: [boolean, string][] = [
    [!/^Full statespace search for:/m.test(report), 'it was not a full search'],
    [!/errors: 0$/m.test(report), 'it found an error'],
    [/max search depth too small/.test(report), 'its depth was cut'],
    [/Search not completed/.test(report), 'it was not completed'],
    [/out of memory|MEMLIM bound|memory limit/i.test(report), 'it ran out of memory'],
    [/Bit statespace|hash-compact/i.test(report), 'states were told apart by their hash only'],
  ];
  const untaken = [...report.matchAll(/^\s+\S+?:(\d+), state \d+, "(.*)"$/gm)]
    .filter(([, , statement]) => statement !== '-end-')
    .map(([, line, statement]) => `line ${line} is never reached: ${statement}`);
  return [...all.filter(([holds]) => holds).map(([, what]) => what), ...untaken];
}

async function replay(
  session: Session,
  { spin, compiler }: Tools,
  { folder, model = 'revocation.pml' }: { folder: string; model: ModelFile | undefined },
  definitions: readonly string[],
): Promise<string[]> {
  const trail = `${model}.trail`;
  if (!existsSync(join(folder, trail))) return [];
  const log = join(folder, 'story.log');
  await runCommand(session.supervisor, {
    name: 'spin',
    argv: [spin, preprocessor(compiler), '-k', trail, '-t', ...definitions, model],
    cwd: folder,
    output: { file: log },
  });
  session.signal.throwIfAborted();
  return [...readFileSync(log, 'utf8').matchAll(/^\s*> (.*)$/gm)].map(([, step = '']) => step);
}
