/** A project outside of the repository, with packages of it as they are packed. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { pnpmCommand } from '../install/package-manager.mjs';
import { ROOT } from '../paths.ts';

const execute = promisify(execFile);

export interface PackedProject extends AsyncDisposable {
  readonly folder: string;
}

/**
 * @param packages folders of `packages`, which have been built, with all of ours that they depend on
 * @param peers as links to what the first of them is tested with
 */
export async function packedProject(
  packages: readonly string[],
  peers: readonly string[],
): Promise<PackedProject> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'portcullis-outside-')));
  await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  const [first = ''] = packages;
  await packInto(folder, packages);
  for (const name of packages) await unpack(name, folder);
  for (const peer of peers) {
    await link(
      join(ROOT, 'packages', first, 'node_modules', peer),
      join(folder, 'node_modules', peer),
    );
  }
  return {
    folder,
    [Symbol.asyncDispose]: async () => {
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** All by one pnpm, whose start takes longer than packing. */
async function packInto(folder: string, packages: readonly string[]): Promise<void> {
  const [file = 'pnpm', ...words] = pnpmCommand();
  const filters = packages.flatMap((name) => ['--filter', `./packages/${name}`]);
  const args = [...words, '--recursive', ...filters, 'pack', '--pack-destination', folder];
  await execute(file, args, { cwd: ROOT });
}

async function unpack(name: string, project: string): Promise<void> {
  const source = join(ROOT, 'packages', name);
  const { version } = JSON.parse(await readFile(join(source, 'package.json'), 'utf8'));
  const tarball = join(project, `portcullis-${name}-${version}.tgz`);
  const folder = join(project, 'node_modules', '@portcullis', name);
  await mkdir(folder, { recursive: true });
  await execute('tar', ['-xzf', tarball, '-C', folder, '--strip-components=1']);
  const manifest: { dependencies?: Record<string, string> } = JSON.parse(
    await readFile(join(folder, 'package.json'), 'utf8'),
  );
  for (const dependency of Object.keys(manifest.dependencies ?? {})) {
    if (dependency.startsWith('@portcullis/')) continue;
    await link(join(source, 'node_modules', dependency), join(folder, 'node_modules', dependency));
  }
}

async function link(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await symlink(await realpath(from), to);
}
