import { join } from 'node:path';
import { mustRun } from '../lifetime/run-command.ts';
import type { Session } from '../lifetime/session.ts';
import type { DatabaseBackup } from './backup-file.ts';
import { privateFile, sha256Of } from './backup-folder.ts';
import { clientPrograms } from './client-programs.ts';
import { connectDatabase, libpqEnvironment, versionOf } from './connection.ts';
import type { Database } from './on-databases.ts';
import { requireOf } from './require-of.ts';
import { countRows } from './tables.ts';

/**
 * Dumps one database into a file of the folder, and counts the rows of the same snapshot, so that the counts are those
 * of the dump whatever is written meanwhile.
 *
 * @see https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-SNAPSHOT-SYNCHRONIZATION
 * @throws {StepFailure} when it cannot be reached, is not of this service, or no program here can dump it
 */
export async function dumpDatabase(
  session: Session,
  { service, url }: Database,
  folder: string,
): Promise<DatabaseBackup> {
  await using sql = await connectDatabase(url, 'portcullis-backup');
  const { text: serverVersion, major: serverMajor } = await versionOf(sql);
  const programs = clientPrograms(serverMajor);
  const file = `${service}.dump`;
  const path = join(folder, file);
  const tables = await sql.begin('isolation level repeatable read read only', async (tx) => {
    // It waits for the dump, for as long as that takes.
    await tx`select set_config('idle_in_transaction_session_timeout', '0', true),
      set_config('statement_timeout', '0', true)`;
    const [exported] = await tx<{ snapshot: string }[]>`select pg_export_snapshot() as snapshot`;
    const counts = await countRows(tx);
    requireOf(service, counts);
    await privateFile(path);
    await mustRun(session.supervisor, {
      name: 'pg_dump',
      argv: [
        programs.dump,
        ...['--format=custom', '--no-password', `--snapshot=${exported?.snapshot}`],
        `--file=${path}`,
      ],
      env: libpqEnvironment(url),
      output: { file: join(session.dataFolder, 'logs', 'pg_dump.log') },
    });
    return counts;
  });
  return { service, file, sha256: await sha256Of(path), serverVersion, serverMajor, tables };
}
