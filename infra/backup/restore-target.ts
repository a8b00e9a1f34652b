/** What is looked at before a database is replaced. */
import { join } from 'node:path';
import { mustRun } from '../lifetime/run-command.ts';
import type { Session } from '../lifetime/session.ts';
import { program } from '../services/catalogue.ts';
import { StepFailure } from '../steps.ts';
import type { DatabaseBackup } from './backup-file.ts';
import { clientPrograms } from './client-programs.ts';
import { connectDatabase, versionOf } from './connection.ts';
import { requireOf } from './require-of.ts';
import { countRows, MIGRATIONS, type RowCounts } from './tables.ts';

export interface Target {
  readonly major: number;
  /** What it holds now; empty where it has no table. */
  readonly counts: RowCounts;
}

/**
 * @param url of the database that the backup is to replace
 * @throws {StepFailure} when this backup cannot go there
 */
export async function inspectTarget(url: string, backup: DatabaseBackup): Promise<Target> {
  await using sql = await connectDatabase(url, 'portcullis-restore');
  const { major } = await versionOf(sql);
  if (major < backup.serverMajor) {
    const what = `is PostgreSQL ${major}, and the backup is of ${backup.serverMajor}`;
    throw new StepFailure(`The server ${what}: nothing was changed.`, {
      fix: `restore into PostgreSQL ${backup.serverMajor} or later`,
    });
  }
  clientPrograms(major);
  const counts = await countRows(sql);
  if (Object.keys(counts).length > 0) requireOf(backup.service, counts);
  requireNoneLater(counts, backup);
  return { major, counts };
}

/** What a later migration has made is in no backup of before, and would stay beside it. */
function requireNoneLater(counts: RowCounts, { service, tables }: DatabaseBackup): void {
  const [there, here] = [counts[MIGRATIONS] ?? 0, tables[MIGRATIONS] ?? 0];
  if (there <= here) return;
  throw new StepFailure(
    `The database of ${service} has ${there} migrations, and the backup ${here}: what an upgrade has made since would ` +
      'stay beside what is restored. Nothing was changed.',
    { fix: 'make an empty database, and restore with its DATABASE_URL' },
  );
}

/**
 * The test of `after-restore`, which is auth's own.
 *
 * @param env of auth
 * @throws {StepFailure} while an instance of auth is connected
 */
export async function requireAuthStopped(session: Session, env: NodeJS.ProcessEnv): Promise<void> {
  await mustRun(session.supervisor, {
    name: 'require-stopped',
    argv: [process.execPath, program('auth', 'commands/require-stopped.js')],
    env,
    output: { file: join(session.dataFolder, 'logs', 'require-stopped.log') },
    fix: 'stop every instance of auth, then run this again',
  });
}
