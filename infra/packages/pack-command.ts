/**
 * `npm run pack`: builds and packs what is published, and prints the command that installs it in a project of
 * one's own, with what it depends on. With `--into` it runs that command in the folder of the project.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { packAll, publishedFolders, withOwn, type Tarball } from './pack.ts';
import { LAST_ON_NODE_20 } from './versions.ts';
import { mustRun } from '../lifetime/run-command.ts';
import { inSession, type Session } from '../lifetime/session.ts';
import { DATA_ROOT } from '../paths.ts';
import { build } from '../services/build.ts';
import { note, step } from '../steps.ts';
import { newTestFolder, ownFolder, removeAbandonedTestFolders } from '../system/test-folder.ts';
import { nearest } from '../usage/nearest.mjs';
import { WrongUsage, type Words } from '../usage/read-words.mjs';

const FOLDER = join(DATA_ROOT, 'packages');

/** @throws {WrongUsage} for a package that is not published */
export async function main(words: Words): Promise<number> {
  const { names } = words;
  requirePublished(names);
  const into = words.value('into');
  await removeAbandonedTestFolders();
  return await inSession(newTestFolder(), 'npm run pack', async (session) => {
    await ownFolder(session);
    await step('build', () => build(session));
    const all = await step(
      'pack',
      () => packAll(FOLDER),
      (packed) => `${packed.length} packages`,
    );
    const wanted = all.filter(({ folder }) => names.length === 0 || names.includes(folder));
    const command = installCommand(wanted, all);
    if (into !== undefined) return await installInto(session, resolve(into), command);
    console.log();
    note('In a project of your own, which has "type": "module" in its package.json:');
    console.log(`\n${command.map(quoted).join(' ')}`);
    return 0;
  });
}

/** @returns one command: they, what they depend on, and the client of NATS of those that have it as a peer */
export function installCommand(
  wanted: readonly Tarball[],
  all: readonly Tarball[],
): readonly [string, ...string[]] {
  const files = wanted.flatMap((one) => withOwn(one, all)).map(({ file }) => file);
  const peers = wanted.flatMap(({ manifest }) => Object.entries(manifest.peerDependencies));
  const nats = peers.filter(([name]) => name.startsWith('@nats-io/'));
  const onNode20 = process.versions.node.startsWith('20.');
  const versions = nats.map(
    ([name, range]) => `${name}@${(onNode20 && LAST_ON_NODE_20[name]) || range}`,
  );
  return ['npm', 'install', ...new Set([...files, ...versions])];
}

/** As the command does when it is pasted there; a folder without a package.json gets one of an ES module. */
async function installInto(
  session: Session,
  folder: string,
  [npm, ...words]: readonly [string, ...string[]],
): Promise<number> {
  const file = join(folder, 'package.json');
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, `${JSON.stringify({ private: true, type: 'module' }, undefined, 2)}\n`);
  }
  const output = { file: join(session.dataFolder, 'logs', 'npm-install.log') };
  const argv = [npm, ...words, '--no-audit', '--no-fund'] as const;
  await step(
    'install',
    () => mustRun(session.supervisor, { name: 'npm install', argv, cwd: folder, output }),
    () => folder,
  );
  return 0;
}

const quoted = (word: string): string => (/^[\w./@~-]+$/.test(word) ? word : `'${word}'`);

function requirePublished(names: readonly string[]): void {
  const folders = publishedFolders();
  for (const name of names) {
    if (folders.includes(name)) continue;
    const what = `there is no package ${name}; there are ${folders.join(', ')}`;
    throw new WrongUsage('npm run pack', what, nearest(name, folders));
  }
}
