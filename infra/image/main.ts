/**
 * `npm run image -- SERVICE …`: builds the tree of each image, says how large it is, and starts the service in it as a
 * container runs it, in turns with the same program started where it was built.
 *
 * Ends with 3 where a tree cannot be started here, with 1 for a service that does not start or does not end with 0.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '@portcullis/testbed';
import { confinedCommand, whyNotConfined } from './confined.ts';
import { folderOf, RUN, RUNTIME, SERVICES, type Service } from './contents.mjs';
import { makeRuntime, makeService } from './make-tree.mjs';
import { sizeOf } from './size.ts';
import { startBuilt, startConfined, type Started } from './start-service.ts';
import { surroundingsOf } from './surroundings.ts';
import { DATA_ROOT, ROOT } from '../paths.ts';
import { program } from '../services/catalogue.ts';

const TURNS = 3;
const NOT_RUN = 3;

const [node = process.execPath, ...names] = process.argv.slice(2);
process.exitCode = await main(names.length === 0 ? Object.keys(SERVICES) : names);

async function main(services: readonly string[]): Promise<number> {
  const why = whyNotConfined();
  for (const service of services) {
    if (!isService(service)) throw new Error(`there is no service ${service}`);
    const tree = await makeTree(service);
    console.log(`\n  ${service}: ${tree}`);
    printSizes(tree, service);
    if (why === undefined) await tryTree(tree, service);
    else console.log(`    NOT RUN: ${why}`);
  }
  return why === undefined ? 0 : NOT_RUN;
}

function isService(name: string): name is Service {
  return Object.hasOwn(SERVICES, name);
}

async function makeTree(service: Service): Promise<string> {
  const tree = join(DATA_ROOT, 'image', service);
  rmSync(tree, { recursive: true, force: true });
  mkdirSync(tree, { recursive: true });
  makeRuntime(tree, node);
  await makeService(service, tree, ROOT);
  return tree;
}

function printSizes(tree: string, service: Service): void {
  const all = sizeOf(tree);
  const runtime = sizeOf(join(tree, RUNTIME.node));
  const app = sizeOf(join(tree, folderOf(service)));
  const dependencies = sizeOf(join(tree, folderOf(service), 'node_modules'));
  const sizes = { all, node: runtime, service: app, 'of that, dependencies': dependencies };
  const shown = Object.entries(sizes).map(([name, bytes]) => `${name} ${(bytes / 1e6).toFixed(1)}`);
  console.log(`    megabytes: ${shown.join(', ')}`);
}

async function tryTree(tree: string, service: Service): Promise<void> {
  await using surroundings = await surroundingsOf(service);
  const { env } = surroundings;
  const runs = async (words: string): Promise<string> =>
    await run({ name: words, ...confinedCommand(tree, service, env, words) });
  if (SERVICES[service].folders.includes('migrations')) await runs('dist/commands/migrate.js');
  const confined: number[] = [];
  const built: number[] = [];
  let memory = '';
  for (let turn = 0; turn < TURNS; turn += 1) {
    await using inTree = await startConfined(tree, service, env);
    await runs('../../health.mjs');
    confined.push(inTree.readyMs);
    memory = inTree.status['VmHWM'] ?? '';
    await endsWell(inTree);
    const environment = { ...RUN.environment, ...env };
    await using asBuilt = await startBuilt(node, program(service, 'main.js'), environment);
    built.push(asBuilt.readyMs);
    await endsWell(asBuilt);
  }
  const ratio = medianOf(confined) / medianOf(built);
  const milliseconds = [confined, built].map((one) => medianOf(one).toFixed(0)).join(' and ');
  console.log(`    ready in ${ratio.toFixed(2)} times what it takes where it was built`);
  console.log(`    (${milliseconds} ms, ${TURNS} turns); ${memory} of memory at most by then`);
}

async function endsWell(started: Started): Promise<void> {
  const status = await started.stop();
  if (status !== 0) throw new Error(`it ended with ${status}:\n${started.log}`);
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
