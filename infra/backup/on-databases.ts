/** Which databases a command works on: the one of the environment, or those of the launcher. */
import { readFileSync } from 'node:fs';
import { inSession, type Session } from '../lifetime/session.ts';
import { DEV_FOLDER } from '../paths.ts';
import { bringUpServers } from '../servers/bring-up.ts';
import { createDatabases } from '../services/databases.ts';
import { databaseOf } from '../services/noted-system.ts';
import { runningSystem } from '../services/running-system.ts';
import { isGiven } from '../services/settings.ts';
import { step, StepFailure } from '../steps.ts';
import { newTestFolder, ownFolder, removeAbandonedTestFolders } from '../system/test-folder.ts';
import type { Service } from './backup-file.ts';

export interface Database {
  readonly service: Service;
  /** With its password. */
  readonly url: string;
}

export type Work = (session: Session, databases: readonly Database[]) => Promise<number>;

export interface Wanted {
  /** The command, as it is typed. */
  readonly title: string;
  readonly services: readonly Service[];
  /** It may not run beside `npm start`. */
  readonly alone?: boolean;
}

export const isDatabaseGiven = (): boolean => isGiven('DATABASE_URL');

/**
 * Beside `npm start` on its databases; where that does not run, its servers are brought up for it. Nothing is
 * migrated: a backup before an upgrade is one of the schema before.
 *
 * @returns the exit status
 */
export async function onDatabases(
  { title, services, alone = false }: Wanted,
  work: Work,
): Promise<number> {
  if (isDatabaseGiven()) {
    const url = givenUrl();
    await removeAbandonedTestFolders();
    const databases = services.map((service) => ({ service, url }));
    return await inOwnFolder(title, async (session) => await work(session, databases));
  }
  if (!alone && runningSystem(DEV_FOLDER) !== undefined) {
    const databases = services.map((service) => ({
      service,
      url: databaseOf(DEV_FOLDER, service),
    }));
    await removeAbandonedTestFolders();
    return await inOwnFolder(title, async (session) => await work(session, databases));
  }
  return await inSession(DEV_FOLDER, title, async (session) => {
    const { postgres } = await bringUpServers(session, { durable: true, busUsers: 'each' });
    const urls = await step('databases', () => createDatabases(DEV_FOLDER, postgres));
    return await work(
      session,
      services.map((service) => ({ service, url: urls[service] })),
    );
  });
}

/** A session with a folder that goes with it: for what has nothing to do with the launcher's data. It may be within another. */
export async function inOwnFolder(
  title: string,
  run: (session: Session) => Promise<number>,
): Promise<number> {
  return await inSession(newTestFolder(), title, async (session) => {
    await ownFolder(session);
    return await run(session);
  });
}

/** @throws {StepFailure} that does not repeat it: it may hold a password */
function givenUrl(): string {
  const file = process.env['DATABASE_URL_FILE'];
  const url = process.env['DATABASE_URL'] || (file ? readFileSync(file, 'utf8').trim() : '');
  if (URL.canParse(url) && /^postgres(ql)?:$/.test(new URL(url).protocol)) return url;
  throw new StepFailure('DATABASE_URL is not a postgres:// address.', {
    fix: 'export DATABASE_URL=postgres://USER:PASSWORD@HOST:5432/NAME',
  });
}
