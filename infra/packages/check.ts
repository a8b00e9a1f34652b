/**
 * The program of `npm run pack:check`: every check of every step, or of the steps that are named. Its last line names what
 * did not hold.
 *
 * Ends with 0 when all held, with 1 when something failed, with 3 when none failed and one could not be judged: a Node
 * could not be had, or the machine was too busy to measure on.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { formChecks } from './form-checks.ts';
import { installChecks, typeChecks } from './install-checks.ts';
import { nextChecks } from './next-checks.ts';
import { packAll } from './pack.ts';
import { peerChecks } from './peer-checks.ts';
import { runChecks, Tally } from './run-checks.ts';
import { STEPS, type Sequence, type Step } from './steps.ts';
import { testkitChecks } from './testkit-checks.ts';
import { installTools, type Stage } from './stage.ts';
import { line, step } from '../steps.ts';

const MAKERS: Readonly<Record<Step, (stage: Stage) => readonly Sequence[]>> = {
  install: installChecks,
  types: typeChecks,
  peers: peerChecks,
  form: formChecks,
  next: nextChecks,
  testkit: testkitChecks,
};

const { values, positionals } = parseArgs({
  options: { node: { type: 'string', multiple: true, default: [] } },
  allowPositionals: true,
});
process.exitCode = await main();

async function main(): Promise<0 | 1 | 3> {
  // npm looks for a package.json upwards, and must not find the workspace's.
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-packages-'));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      rmSync(folder, { recursive: true, force: true });
      process.exit(1);
    });
  }
  try {
    const tarballs = await step('pack', () => packAll(join(folder, 'tarballs')));
    const tools = await step('tools', installTools);
    await using stage: Stage = { folder, tarballs, tools, nodes: nodesGiven(), ...disposables() };
    return await runAll(stage);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What checks have started for one another, ended after the last of them. */
function disposables(): Pick<Stage, 'use' | typeof Symbol.asyncDispose> {
  const resources: AsyncDisposable[] = [];
  return {
    use: (resource) => {
      resources.push(resource);
      return resource;
    },
    async [Symbol.asyncDispose]() {
      for (const resource of resources.toReversed()) await resource[Symbol.asyncDispose]();
    },
  };
}

async function runAll(stage: Stage): Promise<0 | 1 | 3> {
  const started = performance.now();
  const tally = new Tally();
  for (const name of stepsAsked()) {
    const sequences = MAKERS[name](stage);
    console.log(`\n${name}: ${STEPS[name]}; checks: ${sequences.flat().length}`);
    await runChecks(name, sequences, stage, tally);
  }
  console.log();
  line('pack:check', performance.now() - started, tally.summary);
  return tally.exitCode;
}

function stepsAsked(): Step[] {
  const isStep = (name: string): name is Step => Object.hasOwn(STEPS, name);
  const all = Object.keys(STEPS).filter(isStep);
  return positionals.length === 0 ? all : all.filter((name) => positionals.includes(name));
}

function nodesGiven(): Stage['nodes'] {
  const given = values.node.map((one) => /^(\d+)=(.*)$/.exec(one) ?? []);
  return new Map(
    given.flatMap(([, major = '', file = '']) => (file === '' ? [] : [[major, file] as const])),
  );
}
