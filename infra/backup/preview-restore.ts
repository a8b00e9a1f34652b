import { note, step } from '../steps.ts';
import type { Backup } from './backup-file.ts';
import { inOwnFolder } from './on-databases.ts';
import { inspectTarget } from './restore-target.ts';
import type { RestoreOptions, Restoring } from './restoring.ts';
import { afterRestore, migrate } from './service-commands.ts';
import { besideEachOther } from './tables.ts';
import { restoreToScratch, scratchServerFor } from './verify.ts';

/**
 * Restores into a server of its own, and says what a restore would do. The services may run.
 *
 * @returns the exit status
 */
export async function previewRestore(
  title: string,
  { folder, apply }: RestoreOptions,
  backup: Backup,
  all: readonly Restoring[],
): Promise<number> {
  return await inOwnFolder(title, async (session) => {
    const server = await scratchServerFor(session, backup);
    for (const one of all) {
      const { service, tables } = one.backup;
      const { counts } = await inspectTarget(one.database.url, one.backup);
      const url = await restoreToScratch(session, server, folder, one.backup);
      const env = { ...one.env, DATABASE_URL: url };
      await step(`migrate ${service}`, async () => await migrate(session, service, env));
      note(`of ${service}, and nothing of it was changed:`);
      console.log(besideEachOther(counts, tables));
      if (service === 'user') continue;
      const status = await afterRestore(session, env, ['--dry-run', ...(apply ? ['--apply'] : [])]);
      if (status !== 0) return status;
    }
    return 0;
  });
}
