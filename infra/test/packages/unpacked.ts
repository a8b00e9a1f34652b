/** What was packed, in a project outside of the workspace, with what it depends on from the workspace: no network is asked. */
import { execFile } from 'node:child_process';
import { mkdir, realpath, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Tarball } from '../../packages/pack.ts';
import { ROOT } from '../../paths.ts';

const execute = promisify(execFile);

/** @returns the folder that it was unpacked into */
export async function unpack(
  { folder, file, manifest }: Tarball,
  project: string,
): Promise<string> {
  const to = join(project, 'node_modules', manifest.name);
  await mkdir(to, { recursive: true });
  await execute('tar', ['-xzf', file, '-C', to, '--strip-components=1']);
  for (const dependency of Object.keys(manifest.dependencies)) {
    if (!dependency.startsWith('@portcullis/'))
      await linkFrom(`packages/${folder}`, dependency, to);
  }
  return to;
}

/** Has `importer` find a dependency of that workspace member. */
export async function linkFrom(
  member: string,
  dependency: string,
  importer: string,
): Promise<void> {
  const link = join(importer, 'node_modules', dependency);
  await mkdir(dirname(link), { recursive: true });
  await symlink(await realpath(join(ROOT, member, 'node_modules', dependency)), link);
}
