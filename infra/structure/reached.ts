/** What an entry of a package loads, directly or not: files of the workspace, and modules of others. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { ROOT } from '../paths.ts';
import { modulesOf } from './imports.ts';

const manifest = z.object({
  name: z.string(),
  exports: z.record(z.string(), z.object({ 'portcullis-source': z.string() })).default({}),
});

export interface Reached {
  /** From the root of the repository. */
  readonly files: ReadonlySet<string>;
  /** What is no part of the workspace. */
  readonly modules: ReadonlySet<string>;
}

/** @returns the files that are the entries of that package, by the names under which they are imported */
export function entriesOf(folder: string): Map<string, string> {
  const { name, exports } = manifest.parse(
    JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')),
  );
  return new Map(
    Object.entries(exports).map(([entry, { 'portcullis-source': source }]) => [
      name + entry.slice(1),
      join(folder, source),
    ]),
  );
}

/**
 * @param from a file, from the root of the repository
 * @param which whether the imports of types lead on too
 * @param textOf the text of a file, for tests that change one
 */
export function reachedFrom(
  from: string,
  which: 'types too' | 'loaded alone',
  textOf: (path: string) => string = (path) => readFileSync(join(ROOT, path), 'utf8'),
): Reached {
  const entries = workspaceEntries();
  const files = new Set([from]);
  const modules = new Set<string>();
  // A set gives what is added to it while it is gone through.
  for (const path of files) {
    for (const name of modulesOf(path, textOf(path), which)) {
      const file = name.startsWith('.') ? join(dirname(path), name) : entries.get(name);
      if (file === undefined) modules.add(name);
      else files.add(file);
    }
  }
  return { files, modules };
}

function workspaceEntries(): Map<string, string> {
  const folders = readdirSync(join(ROOT, 'packages')).map((name) => join('packages', name));
  const packages = folders.filter((folder) => existsSync(join(ROOT, folder, 'package.json')));
  return new Map(packages.flatMap((folder) => [...entriesOf(folder)]));
}
