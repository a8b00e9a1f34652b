/**
 * `npm run pack`: builds and packs what is published, and prints the command that installs it in a project of
 * one's own, with what it depends on.
 */
import { join } from 'node:path';
import { packAll, publishedFolders, withOwn, type Tarball } from './pack.ts';
import { inSession } from '../lifetime/session.ts';
import { DATA_ROOT } from '../paths.ts';
import { build } from '../services/build.ts';
import { note, step } from '../steps.ts';
import { newTestFolder, ownFolder, removeAbandonedTestFolders } from '../system/test-folder.ts';
import { nearest } from '../usage/nearest.mjs';
import { WrongUsage, type Words } from '../usage/read-words.mjs';

const FOLDER = join(DATA_ROOT, 'packages');

/** @throws {WrongUsage} for a package that is not published */
export async function main({ names }: Words): Promise<number> {
  requirePublished(names);
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
    console.log();
    note('In a project of your own, which has "type": "module" in its package.json:');
    console.log(`\n${installCommand(wanted, all)}`);
    return 0;
  });
}

/** @returns one line, without what only some of their users need */
export function installCommand(wanted: readonly Tarball[], all: readonly Tarball[]): string {
  const files = new Set(wanted.flatMap((one) => withOwn(one, all)).map(({ file }) => file));
  return ['npm install', ...[...files].map(quoted)].join(' ');
}

const quoted = (path: string): string => (/^[\w./-]+$/.test(path) ? path : `'${path}'`);

function requirePublished(names: readonly string[]): void {
  const folders = publishedFolders();
  for (const name of names) {
    if (folders.includes(name)) continue;
    const what = `there is no package ${name}; there are ${folders.join(', ')}`;
    throw new WrongUsage('npm run pack', what, nearest(name, folders));
  }
}
