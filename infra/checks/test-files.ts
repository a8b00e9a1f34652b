import { readdirSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { ROOT } from '../paths.ts';
import { nearest } from '../usage/nearest.mjs';
import { WrongUsage } from '../usage/read-words.mjs';

/**
 * As vitest has it: a filter is any part of the path of a file.
 *
 * @throws {WrongUsage} for a filter that no test file matches
 */
export function requireTestFiles(filters: readonly string[]): void {
  if (filters.length === 0) return;
  const files = testFiles();
  for (const filter of filters) {
    const path = relative(ROOT, resolve(ROOT, filter.replace(/:\d+$/, '')));
    if (files.some((file) => file.includes(path))) continue;
    const names = new Map(files.map((file) => [basename(file), file]));
    const name = nearest(basename(path), [...names.keys()]) ?? '';
    throw new WrongUsage('npm test', `no test file matches ${filter}`, names.get(name));
  }
}

/** Those that `include` of vitest.config.ts has, from the checkout on. */
function testFiles(): string[] {
  const packages = ['apps', 'packages'].flatMap((parent) =>
    readdirSync(join(ROOT, parent)).map((name) => join(parent, name)),
  );
  return [...packages, 'infra', 'bench'].flatMap((folder) => filesBelow(join(folder, 'test')));
}

function filesBelow(folder: string): string[] {
  try {
    return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.test.ts'))
      .map((file) => join(folder, file));
  } catch {
    return []; // a package without tests
  }
}
