/** The shared libraries of Node and of modules in machine code. */
import { execFileSync } from 'node:child_process';
import { basename, dirname, join } from 'node:path';
import { RUNTIME } from './contents.mjs';

const LOADER = /^ld-linux/;

/**
 * @param {string} node a program
 * @returns {string[]} the files of the list, and the loader
 */
export function librariesOf(node) {
  const needed = neededBy(node);
  const system = needed.find((path) => basename(path) === 'libc.so.6');
  const loader = needed.find((path) => LOADER.test(basename(path)));
  if (system === undefined || loader === undefined) throw new Error(`${node} is linked otherwise`);
  return [loader, ...RUNTIME.libraries.map((name) => join(dirname(system), name))];
}

/**
 * @param {string} file a program or a module
 * @throws {Error} when it needs a library that the list does not have
 */
export function requireLibraries(file) {
  const missing = neededBy(file)
    .map((path) => basename(path))
    .filter((name) => !LOADER.test(name) && !RUNTIME.libraries.includes(name));
  if (missing.length > 0) throw new Error(`${file} needs ${missing.join(', ')} as well`);
}

/**
 * @param {string} file
 * @returns {string[]} paths, as the loader of this machine finds them
 */
function neededBy(file) {
  const found = execFileSync('ldd', [file], { encoding: 'utf8' });
  return [...found.matchAll(/(?:=> |^\s+)(\/\S+) \(0x/gm)].map(([, path = '']) => path);
}
