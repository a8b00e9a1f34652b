import { randomBytes } from 'node:crypto';
import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { CHECKOUT_ID } from '../paths.ts';
import type { Session } from '../lifetime/session.ts';
import { stage } from '../lifetime/supervisor.ts';
import { note, StepFailure } from '../steps.ts';
import { canReach, type User } from '../system/unprivileged-user.ts';

const OUTSIDE = '/var/tmp'; // survives a reboot, unlike /tmp
const POINTER = 'postgres-folder';

/**
 * Where PostgreSQL's data goes: into the data folder, unless the user that PostgreSQL has to run
 * as cannot get there (a checkout below a folder with mode 0700, started as root).
 */
export async function postgresHome(session: Session, user: User | undefined): Promise<string> {
  if (!user || canReach(user, session.dataFolder)) return session.dataFolder;
  const folder = outsideFolder(session.dataFolder, user);
  note(`the user ${user.name} cannot enter this checkout: its PostgreSQL data is in ${folder}`);
  if (isTestRun(session)) {
    await session.supervisor.own({
      kind: 'folder',
      name: folder,
      path: folder,
      stage: stage.folder,
    });
  }
  return folder;
}

const isTestRun = ({ dataFolder }: Session): boolean => basename(dataFolder).startsWith('test-');

/** The name is random and remembered: no other user can have made a folder with it beforehand. */
function outsideFolder(dataFolder: string, user: User): string {
  const pointer = join(dataFolder, POINTER);
  const prefix = `portcullis-${CHECKOUT_ID}-${basename(dataFolder).replace(/^test-.*/, 'test')}-`;
  if (existsSync(pointer)) {
    const folder = readFileSync(pointer, 'utf8');
    if (isOurs(folder, user)) return folder;
  } else if (prefix.endsWith('-dev-')) {
    removeOrphans(prefix, user);
  }
  const folder = join(OUTSIDE, `${prefix}${randomBytes(6).toString('hex')}`);
  mkdirSync(folder, { mode: 0o700 }); // fails if it exists
  chownSync(folder, user.uid, user.gid);
  writeFileSync(pointer, folder);
  return folder;
}

function isOurs(folder: string, user: User): boolean {
  try {
    const found = lstatSync(folder);
    return found.isDirectory() && found.uid === user.uid && (found.mode & 0o077) === 0;
  } catch {
    return false;
  }
}

/** Clusters of this checkout whose data folder, and so whose password, has been deleted. */
function removeOrphans(prefix: string, user: User): void {
  for (const name of readdirSync(OUTSIDE)) {
    const folder = join(OUTSIDE, name);
    if (!name.startsWith(prefix) || !isOurs(folder, user)) continue;
    if (existsSync(join(folder, 'postgres', 'postmaster.pid'))) {
      throw new StepFailure(`A PostgreSQL of this checkout may still run in ${folder}.`, {
        fix: `rm -r ${folder}   (once it has ended)`,
      });
    }
    rmSync(folder, { recursive: true, force: true });
    note(`removed ${folder}: the data folder that it belonged to is gone`);
  }
}
