/** What all checks of packages have in common. */
import { run } from '@portcullis/testbed';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Tarball } from './pack.ts';
import { DATA_ROOT, tool } from '../paths.ts';

export interface Tools {
  /** The program `tsc` of each compiler, by its version. */
  compilers: ReadonlyMap<string, string>;
  attw: string;
  publint: string;
}

export interface Stage extends AsyncDisposable {
  /** Where projects are made: outside of the workspace, and removed at the end. */
  folder: string;
  tarballs: readonly Tarball[];
  /** The file of each Node that can be had, by its major version. */
  nodes: ReadonlyMap<string, string>;
  tools: Tools;
  /** Has it disposed of after the last check. */
  use<T extends AsyncDisposable>(resource: T): T;
}

/** Of this command alone: as dependencies of the workspace everyone would install them who starts it. */
const VERSIONS = {
  'typescript-5': 'npm:typescript@5.9.3',
  '@arethetypeswrong/cli': '0.18.5',
  publint: '0.3.15',
} as const;
const LIMIT_MS = 300_000;

/** @throws Error with what npm says */
export async function installTools(): Promise<Tools> {
  const folder = join(DATA_ROOT, 'pack-check');
  const manifest = `${JSON.stringify({ private: true, dependencies: VERSIONS })}\n`;
  const [file, done] = [join(folder, 'package.json'), join(folder, 'installed.json')];
  mkdirSync(folder, { recursive: true });
  if (!existsSync(done) || readFileSync(done, 'utf8') !== manifest) {
    writeFileSync(file, manifest);
    const words = ['install', '--no-audit', '--no-fund', '--ignore-scripts'];
    const env = Object.fromEntries(
      Object.entries(process.env).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, value]],
      ),
    );
    await run({ name: 'npm', command: 'npm', args: words, cwd: folder, env }, LIMIT_MS);
    writeFileSync(done, manifest);
  }
  const modules = join(folder, 'node_modules');
  return {
    compilers: new Map([
      ['5.9', join(modules, 'typescript-5', 'bin', 'tsc')],
      ['7', tool('tsc')],
    ]),
    attw: join(modules, '.bin', 'attw'),
    publint: join(modules, '.bin', 'publint'),
  };
}
