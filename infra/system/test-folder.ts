import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { acquireLock, LockHeld } from '../lifetime/lock.mjs';
import { endLeftovers } from '../lifetime/register.ts';
import type { Session } from '../lifetime/session.ts';
import { stage } from '../lifetime/supervisor.ts';
import { removeFolder } from '../lifetime/terminate.mjs';
import { DATA_ROOT } from '../paths.ts';

/** A data folder for this run alone, so that any number of runs can go on side by side. */
export function newTestFolder(): string {
  return join(DATA_ROOT, `test-${randomBytes(5).toString('hex')}`);
}

/** Has the folder removed when the run ends, after everything else. */
export async function ownFolder({ supervisor, dataFolder }: Session): Promise<void> {
  const folder = {
    kind: 'folder',
    name: dataFolder,
    path: dataFolder,
    stage: stage.folder,
  } as const;
  await supervisor.own(folder);
}

/** Removes the folders of runs that were killed together with their warden. */
export async function removeAbandonedTestFolders(): Promise<void> {
  if (!existsSync(DATA_ROOT)) return;
  for (const name of readdirSync(DATA_ROOT).filter((one) => one.startsWith('test-'))) {
    const folder = join(DATA_ROOT, name);
    try {
      const lock = await acquireLock(join(folder, 'lock'));
      try {
        await endLeftovers(folder);
        removeFolder(folder);
      } finally {
        lock.release();
      }
    } catch (error) {
      if (!(error instanceof LockHeld)) throw error; // held: that run goes on
    }
  }
}
