import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import * as z from 'zod';
import { ROOT } from '../paths.ts';
import { step } from '../steps.ts';
import type { DatabaseBackup, Service } from './backup-file.ts';
import { beginFolder, discardFolder, finishFolder } from './backup-folder.ts';
import { dumpDatabase } from './dump-database.ts';
import { noteBackup } from './note-backup.ts';
import { onDatabases, type Work } from './on-databases.ts';
import { contentsOf, verifyBackup } from './verify.ts';

export interface BackUpOptions {
  readonly services: readonly Service[];
  /** The folder of all backups. */
  readonly into: string;
  readonly verify: boolean;
  /** Where node_exporter's textfile collector reads; undefined for none. */
  readonly metrics: string | undefined;
}

const TITLE = 'npm run backup';
const manifest = z.object({ version: z.string() });

/** @returns the exit status */
export async function backUp(options: BackUpOptions): Promise<number> {
  const { services, into, verify, metrics } = options;
  let path = '';
  const madeAt = new Date();
  const work: Work = async (session, databases) => {
    const folder = await beginFolder(into, madeAt);
    try {
      const dumped: DatabaseBackup[] = [];
      for (const database of databases) {
        const dump = async () => await dumpDatabase(session, database, folder.partial);
        dumped.push(await step(database.service, dump, ({ tables }) => contentsOf(tables)));
      }
      session.signal.throwIfAborted();
      const content = { madeAt: madeAt.toISOString(), release: release(), databases: dumped };
      await finishFolder(folder, content);
    } catch (error) {
      await discardFolder(folder);
      throw error;
    }
    path = folder.path;
    return 0;
  };
  const status = await onDatabases({ title: TITLE, services }, work);
  if (status !== 0) return status;
  const shown = shownPath(path);
  console.log(`\nBackup: ${shown}`);
  if (services.includes('auth')) {
    console.log(
      'The key-encryption key is not in it, and auth does not start on it without that key. Keep a copy of the key\n' +
        'apart from the backups: docs/operations.md, "Keys".',
    );
  }
  if (verify) {
    const verified = await verifyBackup(`${TITLE} -- --verify`, path);
    if (verified !== 0) return verified;
  } else {
    console.log(`Whether it can be restored: npm run verify-backup -- ${shown}`);
  }
  if (metrics !== undefined) await noteBackup(metrics, services, madeAt);
  return 0;
}

function release(): string {
  return manifest.parse(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))).version;
}

/** As it is typed from here. */
function shownPath(path: string): string {
  const near = relative('.', path);
  return near.startsWith('..') ? path : near;
}
