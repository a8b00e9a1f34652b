import { resolve } from 'node:path';
import { runSource } from './checks/run-alone.ts';
import { listOf, requireListed, runOnServers, type Program } from './checks/run-on-servers.ts';
import { builtAt, commitOf } from './field/checkout-at.ts';
import type { Words } from './usage/read-words.mjs';

const PROGRAM: Program = {
  name: 'capacity',
  file: 'bench/capacity/main.ts',
  durable: true,
  countsStatements: true,
};

/** `npm run capacity`: how much of each kind of work one box does, against servers of its own that keep what they commit. */
export async function main(words: Words): Promise<number> {
  if (words.command !== '')
    return await runSource('capacity', 'bench/capacity/tools.ts', words.all);
  requireListed(PROGRAM, words.names);
  if (words.flag('list')) {
    console.log(listOf(PROGRAM));
    return 0;
  }
  const [at, json] = [words.value('at'), words.value('json')];
  const commit = at === undefined ? undefined : commitOf('capacity', at);
  return await runOnServers(PROGRAM, async (session) => [
    ...words.names,
    ...(words.flag('short') ? ['--short'] : []),
    ...['rounds', 'largest'].flatMap((name) => optionOf(words, name)),
    ...(json === undefined ? [] : ['--json', resolve(json)]),
    ...(commit === undefined ? [] : ['--checkout', await builtAt(session, commit)]),
  ]);
}

function optionOf(words: Words, name: string): string[] {
  const value = words.value(name);
  return value === undefined ? [] : [`--${name}`, value];
}
