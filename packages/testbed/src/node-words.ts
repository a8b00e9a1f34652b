/** How a program of this repository is run. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { repositoryRoot } from './repository.ts';

/** Runs sources as they are. */
export const SOURCE_RUNNER = ['--conditions=portcullis-source', '--import', 'tsx'] as const;

/**
 * The words that Node runs a source by. One of an app is run as it was built, which takes a third of the
 * time to start and is what is deployed: every command that runs tests builds what has changed before. Where nothing
 * was built, as in a copy of the repository, and for all else, it is the source itself.
 *
 * @param source a path from the root of the repository, such as `apps/auth/src/commands/migrate.ts`, or that of what
 *   was built of another commit
 */
export function nodeWords(source: string): string[] {
  if (source.endsWith('.js')) return [resolve(repositoryRoot, source)];
  const built = source.replace(/^(apps\/\w+)\/src\/(.*)\.ts$/, '$1/dist/$2.js');
  const file = join(repositoryRoot, built);
  const own = resolve(repositoryRoot, source);
  // What was built of a source that is gone stays where it was.
  if (built !== source && existsSync(own) && existsSync(file)) return [file];
  return [...SOURCE_RUNNER, own];
}
