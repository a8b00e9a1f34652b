import { accessSync, constants } from 'node:fs';
import { resolve } from 'node:path';
import { listOf, requireListed, runOnServers, type Program } from './checks/run-on-servers.ts';
import { commitOf, installedAt } from './field/checkout-at.ts';
import { WrongUsage, type Words } from './usage/read-words.mjs';

const PROGRAM: Program = { name: 'bench', file: 'bench/main.ts', durable: true };

/** `npm run bench`: the benchmarks, against servers of their own that keep what they commit. */
export async function main(words: Words): Promise<number> {
  requireListed(PROGRAM, words.names);
  if (words.flag('list')) {
    console.log(listOf(PROGRAM));
    return 0;
  }
  const [at, alg] = [words.value('at'), words.value('alg')];
  const commit = at === undefined ? undefined : commitOf('bench', at);
  return await runOnServers({ ...PROGRAM, node: nodeAt(words.value('node')) }, async (session) => [
    ...words.names,
    ...(words.flag('short') ? ['--short'] : []),
    ...(alg === undefined ? [] : ['--alg', alg]),
    ...(commit === undefined ? [] : ['--checkout', await installedAt(session, commit)]),
  ]);
}

/** @throws {WrongUsage} for what is no program */
function nodeAt(path: string | undefined): string {
  if (path === undefined) return process.execPath;
  try {
    accessSync(resolve(path), constants.X_OK);
    return resolve(path);
  } catch {
    throw new WrongUsage('npm run bench', `${path} is no program`, process.execPath);
  }
}
