import { join } from 'node:path';
import { StepFailure } from '../steps.ts';
import { findBinary, findClientFolders } from '../system/find-binary.ts';
import { postgresMajor } from '../system/postgres-major.ts';

export interface ClientPrograms {
  readonly dump: string;
  readonly restore: string;
}

/**
 * `pg_dump` and `pg_restore` of a major version: an older `pg_dump` refuses a newer server, and what a newer one
 * writes may be more than an older server knows.
 *
 * @throws {StepFailure} naming the package that brings them
 */
export function clientPrograms(major: number): ClientPrograms {
  const folders = findClientFolders();
  const folder = folders.find((one) => postgresMajor(join(one, 'pg_dump')) === major);
  if (folder !== undefined) {
    return { dump: join(folder, 'pg_dump'), restore: join(folder, 'pg_restore') };
  }
  const others = folders.map((one) => postgresMajor(join(one, 'pg_dump')));
  const here = others.length === 0 ? 'none' : `that of ${[...new Set(others)].join(', ')}`;
  throw new StepFailure(`The server is PostgreSQL ${major}; of pg_dump this machine has ${here}.`, {
    fix: packageHint(`postgresql-client-${major}`, major),
  });
}

/** The line that a user would type. */
export function packageHint(name: string, major: number): string {
  if (process.platform === 'darwin') return `brew install postgresql@${major}`;
  if (findBinary('apt-get') !== undefined) return `sudo apt-get install -y ${name}`;
  return `install ${name}, or what it is called here`;
}
