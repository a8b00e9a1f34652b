import { join, relative, resolve } from 'node:path';
import type { Session } from '../lifetime/session.ts';
import { step, StepFailure } from '../steps.ts';
import { removeAbandonedTestFolders } from '../system/test-folder.ts';
import type { Backup, DatabaseBackup } from './backup-file.ts';
import { readIntactBackup } from './backup-folder.ts';
import { connectDatabase } from './connection.ts';
import { inOwnFolder } from './on-databases.ts';
import { restoreDatabase } from './restore-database.ts';
import { startScratchServer, type ScratchServer } from './scratch-server.ts';
import { countRows, differences, totalOf } from './tables.ts';

/**
 * Restores a backup into a server of its own, and compares what is there with what it says of itself.
 *
 * @returns the exit status
 */
export async function verifyBackup(title: string, folder: string): Promise<number> {
  await removeAbandonedTestFolders();
  return await inOwnFolder(title, async (session) => {
    const backup = await step('checksums', () => readIntactBackup(folder));
    const server = await scratchServerFor(session, backup);
    for (const one of backup.databases) await restoreToScratch(session, server, folder, one);
    console.log(`\n${relative('.', resolve(folder))} holds: it was restored, and has every row.`);
    return 0;
  });
}

export async function scratchServerFor(session: Session, backup: Backup): Promise<ScratchServer> {
  const major = Math.max(...backup.databases.map(({ serverMajor }) => serverMajor));
  return await step(
    'scratch server',
    async () => await startScratchServer(session, major),
    (server) => `PostgreSQL ${server.major}`,
  );
}

/**
 * @returns the address of the database there
 * @throws {StepFailure} naming each table that lacks rows, or has more
 */
export async function restoreToScratch(
  session: Session,
  server: ScratchServer,
  folder: string,
  { service, file, tables }: DatabaseBackup,
): Promise<string> {
  const url = await server.createDatabase(`restored_${service}`);
  await step(
    `verify ${service}`,
    async () => {
      const options = { major: server.major, replace: false };
      await restoreDatabase(session, join(resolve(folder), file), url, options);
      await using sql = await connectDatabase(url, 'portcullis-backup');
      const wrong = differences(tables, await countRows(sql));
      if (wrong.length === 0) return;
      throw new StepFailure(`${join(folder, file)} is not what was backed up:\n${lines(wrong)}`, {
        fix: 'name the folder of another backup',
      });
    },
    () => contentsOf(tables),
  );
  return url;
}

export const contentsOf = (tables: DatabaseBackup['tables']): string =>
  `${totalOf(tables)} rows of ${Object.keys(tables).length} tables`;

const lines = (all: readonly string[]): string => all.map((one) => `  ${one}`).join('\n');
