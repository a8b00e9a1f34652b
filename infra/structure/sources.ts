/** The sources of the repository, and what each of them names. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../paths.ts';
import type { Graph } from './cycles.ts';
import { importsOf } from './imports.ts';

const PROGRAM =
  /^(?:apps|packages)\/[^/]+\/(?:src|simulation|fuzz|timing|bench)\/|^(?:infra|bench)\//;

/** Every folder whose files make up one program: the `src` of each app and package, `infra`, and others. */
export function sourceFolders(): string[] {
  const folders = sources().map((path) => PROGRAM.exec(path)?.[0]);
  return [...new Set(folders.filter((folder) => folder !== undefined))].toSorted();
}

/** @returns for each file below that folder the files that it names, from the root of the repository */
export function filesBelow(folder: string): Graph {
  const texts = [...textsBelow(folder)];
  return new Map(texts.map(([path, text]) => [path, new Set(importsOf(path, text))]));
}

/** @returns the text of each file below that folder */
export function textsBelow(folder: string): ReadonlyMap<string, string> {
  const files = sources().filter((path) => path.startsWith(folder));
  return new Map(files.map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]));
}

/**
 * The same by rooms: the folders right below. A file beside them is a room of its own.
 *
 * @param depth folders that make up the name of a room
 */
export function roomsBelow(folder: string, files: Graph, depth = 1): Graph {
  const roomOf = (path: string): string => {
    const parts = path.slice(folder.length).split('/');
    return parts.slice(0, Math.min(depth, Math.max(1, parts.length - 1))).join('/');
  };
  const rooms = new Map<string, Set<string>>();
  for (const [path, named] of files) {
    const room = roomOf(path);
    const others = rooms.get(room) ?? new Set();
    rooms.set(room, others);
    for (const other of named) {
      if (other.startsWith(folder) && roomOf(other) !== room) others.add(roomOf(other));
    }
  }
  return rooms;
}

function sources(): string[] {
  const listed = execFileSync(
    'git',
    ['ls-files', '--cached', '--others', '--exclude-standard', '-z'],
    { cwd: ROOT, encoding: 'utf8' },
  );
  const files = listed.split('\0').filter((path) => /\.(?:ts|mjs)$/.test(path));
  return files.filter((path) => existsSync(join(ROOT, path)));
}
