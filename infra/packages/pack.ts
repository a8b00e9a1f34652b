/** The published packages, packed as a registry would get them. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { pnpmCommand } from '../install/package-manager.mjs';
import { mustRun } from '../lifetime/run-command.ts';
import type { Session } from '../lifetime/session.ts';
import { ROOT } from '../paths.ts';

const ranges = z.record(z.string(), z.string()).default({});
const manifest = z.object({
  name: z.string(),
  private: z.boolean().default(false),
  exports: z.record(z.string(), z.unknown()).default({}),
  dependencies: ranges,
  peerDependencies: ranges,
});

export interface Tarball {
  /** The name of its folder in `packages`. */
  folder: string;
  file: string;
  manifest: z.infer<typeof manifest>;
}

/** Packs each package that is not private; the workspace has to be built. */
export async function packAll(session: Session, into: string): Promise<Tarball[]> {
  const tarballs: Tarball[] = [];
  for (const folder of readdirSync(join(ROOT, 'packages')).toSorted()) {
    const source = join(ROOT, 'packages', folder);
    if (manifest.parse(read(join(source, 'package.json'))).private) continue;
    const file = join(into, `${folder}.tgz`);
    const [program = 'pnpm', ...words] = pnpmCommand();
    await mustRun(session.supervisor, {
      name: 'pack',
      argv: [program, ...words, '-C', source, 'pack', '--out', file],
      output: { file: join(session.dataFolder, 'logs', 'pack.log') },
    });
    // As it was packed: without `workspace:` and `catalog:`.
    const packed = execFileSync('tar', ['-xzOf', file, 'package/package.json'], {
      encoding: 'utf8',
    });
    tarballs.push({ folder, file, manifest: manifest.parse(JSON.parse(packed)) });
  }
  return tarballs;
}

/** It, and those of our own that it depends on, directly or not. */
export function withOwn(tarball: Tarball, all: readonly Tarball[]): Tarball[] {
  const own = all.filter(({ manifest: { name } }) => name in tarball.manifest.dependencies);
  return [tarball, ...own.flatMap((other) => withOwn(other, all))];
}

const read = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));
