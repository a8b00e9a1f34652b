import { accessSync, constants, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where servers are installed without being on everyone's PATH. */
const USUAL = ['/usr/sbin', '/usr/local/sbin', '/usr/local/bin', '/opt/homebrew/bin', '/usr/bin'];

export function findBinary(name: string): string | undefined {
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return [...path, ...USUAL].map((folder) => join(folder, name)).find(isExecutable);
}

/** Folders that hold a whole PostgreSQL server: those on PATH, then the newest version first. */
export function findPostgresFolders(): string[] {
  return postgresFolders().filter((folder) => isPostgresFolder(folder));
}

/** The same for its programs that dump and restore, which a server without its clients has not. */
export function findClientFolders(): string[] {
  const programs = ['pg_dump', 'pg_restore'];
  return postgresFolders().filter((folder) =>
    programs.every((name) => isExecutable(join(folder, name))),
  );
}

function postgresFolders(): string[] {
  const versioned = [
    ...numbered('/usr/lib/postgresql', (version) => `/usr/lib/postgresql/${version}/bin`),
    ...numbered('/usr', (name) => `/usr/${name}/bin`, /^pgsql-(\d+)$/),
    ...numbered('/opt/homebrew/opt', (n) => `/opt/homebrew/opt/${n}/bin`, /^postgresql@(\d+)$/),
    ...numbered('/usr/local/opt', (n) => `/usr/local/opt/${n}/bin`, /^postgresql@(\d+)$/),
  ];
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return [...new Set([...path, ...versioned, ...USUAL])];
}

export function isPostgresFolder(folder: string): boolean {
  return ['initdb', 'postgres'].every((name) => isExecutable(join(folder, name)));
}

function numbered(
  parent: string,
  toFolder: (name: string) => string,
  pattern = /^(\d+)(?:\.\d+)?$/,
): string[] {
  let names: string[];
  try {
    names = readdirSync(parent);
  } catch {
    return [];
  }
  const version = (name: string): number => Number(pattern.exec(name)?.[1] ?? 0);
  return names
    .filter((name) => pattern.test(name))
    .toSorted((a, b) => version(b) - version(a))
    .map(toFolder);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
