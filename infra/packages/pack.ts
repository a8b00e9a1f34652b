/** The published packages, packed as a registry would get them. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';
import { pnpmCommand } from '../install/package-manager.mjs';
import { ROOT } from '../paths.ts';
import { bundle } from './bundle.ts';

const execute = promisify(execFile);
const ranges = z.record(z.string(), z.string()).default({});
const manifest = z.object({
  name: z.string(),
  version: z.string(),
  private: z.boolean().default(false),
  exports: z.record(z.string(), z.object({ default: z.string() })).default({}),
  dependencies: ranges,
  peerDependencies: ranges,
  peerDependenciesMeta: z.record(z.string(), z.object({ optional: z.boolean() })).default({}),
});

export interface Tarball {
  /** The name of its folder in `packages`. */
  folder: string;
  file: string;
  manifest: z.infer<typeof manifest>;
}

/**
 * Those that Node alone loads. Of the others a page's own bundler takes the files that it asks for, and leaves out
 * the rest; of one file it could leave out less.
 */
const FOR_NODE: readonly string[] = ['testkit', 'verify'];

/** The folders in `packages` of what is published. */
export function publishedFolders(): string[] {
  const folders = readdirSync(join(ROOT, 'packages')).toSorted();
  return folders.filter((folder) => !manifestOf(folder).private);
}

const manifestOf = (folder: string): z.infer<typeof manifest> =>
  manifest.parse(JSON.parse(readFileSync(join(ROOT, 'packages', folder, 'package.json'), 'utf8')));

/**
 * Packs each package that is published; the workspace has to be built.
 *
 * @param into a folder, which is made where there is none
 * @throws Error with what pnpm says when it cannot pack one
 */
export async function packAll(into: string): Promise<Tarball[]> {
  mkdirSync(into, { recursive: true });
  const folders = publishedFolders();
  const [program = 'pnpm', ...words] = pnpmCommand();
  const filters = folders.flatMap((folder) => ['--filter', `./packages/${folder}`]);
  const args = [...words, '--recursive', ...filters, 'pack', '--pack-destination', into];
  await execute(program, args, { cwd: ROOT });
  return await Promise.all(
    folders.map(async (folder) => {
      const file = join(into, `portcullis-${folder}-${manifestOf(folder).version}.tgz`);
      if (FOR_NODE.includes(folder)) await bundleIn(file);
      // As it was packed: without `workspace:` and `catalog:`.
      const { stdout } = await execute('tar', ['-xzOf', file, 'package/package.json']);
      return { folder, file, manifest: manifest.parse(JSON.parse(stdout)) };
    }),
  );
}

async function bundleIn(file: string): Promise<void> {
  const folder = mkdtempSync(`${file}-`);
  try {
    await execute('tar', ['-xzf', file, '-C', folder]);
    const inside = join(folder, 'package');
    const packed = manifest.parse(JSON.parse(readFileSync(join(inside, 'package.json'), 'utf8')));
    const entries = Object.values(packed.exports).map((entry) => entry.default);
    await bundle(inside, entries);
    // By pnpm, as the others: the same files are the same bytes, which a lockfile of npm names.
    const [program = 'pnpm', ...words] = pnpmCommand();
    await execute(program, [...words, 'pack', '--pack-destination', dirname(file)], {
      cwd: inside,
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** It, and those of our own that it depends on, directly or not; each once. */
export function withOwn(tarball: Tarball, all: readonly Tarball[]): Tarball[] {
  const own = all.filter(({ manifest: { name } }) => name in tarball.manifest.dependencies);
  return [...new Set([tarball, ...own.flatMap((other) => withOwn(other, all))])];
}
