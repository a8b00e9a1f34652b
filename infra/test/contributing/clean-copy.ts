/** What git tracks of this repository, in a folder of its own, which runs: for examples that are applied. */
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ROOT } from '../../paths.ts';

/** @returns the folder, and what removes it */
export function cleanCopy(): { copy: string; remove: () => void } {
  const copy = mkdtempSync(join(tmpdir(), 'portcullis-example-'));
  const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8' });
  for (const path of tracked.split('\0')) {
    if (path === '' || !existsSync(join(ROOT, path))) continue;
    mkdirSync(dirname(join(copy, path)), { recursive: true });
    cpSync(join(ROOT, path), join(copy, path));
    // What a workspace depends on: links to others, which lead into the copy, and into the store.
    const modules = join(dirname(path), 'node_modules');
    if (!path.endsWith('/package.json') || !existsSync(join(ROOT, modules))) continue;
    cpSync(join(ROOT, modules), join(copy, modules), { recursive: true, verbatimSymlinks: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  return { copy, remove: () => rmSync(copy, { recursive: true, force: true }) };
}

/** @returns the change that CONTRIBUTING.md shows below that title */
export function exampleOf(title: string): string {
  const text = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8');
  const [, after = ''] = text.split(`**${title}**`);
  return /```diff\n(.*?)```/s.exec(after)?.[1] ?? '';
}

/** The files that a change names. */
export function filesOf(change: string): string[] {
  return [...change.matchAll(/^\+\+\+ b\/(.*)$/gm)].map(([, file = '']) => file);
}

export function applyTo(copy: string, change: string): void {
  execFileSync('git', ['apply', '-'], { cwd: copy, input: change });
}

/** Builds the services of a copy: what is started of them, often, starts in an eighth of the time. */
export function buildServices(copy: string): void {
  const program = join(copy, 'infra/bundle/main.mjs');
  for (const app of ['auth', 'user', 'admin'])
    execFileSync(process.execPath, [program], { cwd: join(copy, 'apps', app) });
}
