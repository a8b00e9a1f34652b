import { join } from 'node:path';
import { mustRun } from '../lifetime/run-command.ts';
import type { Session } from '../lifetime/session.ts';
import { clientPrograms } from './client-programs.ts';
import { libpqEnvironment, nameOf } from './connection.ts';

export interface RestoreOptions {
  /** Of the server that it goes to. */
  readonly major: number;
  /** Puts it in the place of what is there. */
  readonly replace: boolean;
}

/**
 * Restores a dump in one transaction: a restore that fails leaves the database as it was.
 *
 * @throws {StepFailure} with what `pg_restore` says
 */
export async function restoreDatabase(
  session: Session,
  dump: string,
  url: string,
  { major, replace }: RestoreOptions,
): Promise<void> {
  await mustRun(session.supervisor, {
    name: 'pg_restore',
    argv: [
      clientPrograms(major).restore,
      ...['--single-transaction', '--exit-on-error', '--no-password', '--no-owner'],
      // Roles that were granted something need not be on a scratch server.
      ...(replace ? ['--clean', '--if-exists'] : ['--no-privileges']),
      `--dbname=dbname=${quoted(nameOf(url))}`,
      dump,
    ],
    env: libpqEnvironment(url),
    output: { file: join(session.dataFolder, 'logs', 'pg_restore.log') },
  });
}

/** As a value of a connection string of libpq. */
const quoted = (value: string): string => `'${value.replaceAll(/[\\']/g, String.raw`\$&`)}'`;
