/**
 * The folder of one backup. It has its name only once everything in it is on the disk: until then it is a
 * `.partial`, which no command takes for a backup.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { StepFailure } from '../steps.ts';
import { BACKUP_FILE, backupText, readBackup, type Backup } from './backup-file.ts';

const PARTIAL = '.partial';

export interface BackupFolder {
  /** Where it is written. */
  readonly partial: string;
  /** Where it is once it is whole. */
  readonly path: string;
}

/** @param into the folder of all backups, made where it is missing */
export async function beginFolder(into: string, madeAt: Date): Promise<BackupFolder> {
  const path = join(resolve(into), madeAt.toISOString().replaceAll(':', '-'));
  const partial = `${path}${PARTIAL}`;
  await mkdir(resolve(into), { recursive: true, mode: 0o700 });
  await mkdir(partial, { mode: 0o700 });
  await chmod(partial, 0o700); // whatever the umask
  return { partial, path };
}

/** An empty file for its owner alone, for a program that would make it by its umask. */
export async function privateFile(path: string, content = ''): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.chmod(0o600);
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Writes backup.json last, has all of it on the disk, and gives the folder its name. */
export async function finishFolder(
  { partial, path }: BackupFolder,
  content: Omit<Backup, 'form'>,
): Promise<void> {
  for (const { file } of content.databases) await synchronise(join(partial, file));
  await privateFile(join(partial, BACKUP_FILE), backupText(content));
  await synchronise(partial);
  await rename(partial, path);
  await synchronise(dirname(path));
}

export async function discardFolder({ partial }: BackupFolder): Promise<void> {
  await rm(partial, { recursive: true, force: true });
}

/** @returns the SHA-256 of a file, in hexadecimal */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/**
 * Reads what a backup says of itself, and compares each file with its SHA-256.
 *
 * @throws {StepFailure} naming the file that is missing or was changed
 */
export async function readIntactBackup(folder: string): Promise<Backup> {
  const fix = 'name the folder of another backup';
  if (basename(resolve(folder)).endsWith(PARTIAL)) {
    throw new StepFailure(`${folder} is of a backup that was interrupted before its end.`, { fix });
  }
  const backup = readBackup(folder);
  for (const { file, sha256 } of backup.databases) {
    const path = join(folder, file);
    const found = await sha256Of(path).catch((error: unknown) => {
      throw new StepFailure(`${path} cannot be read: it is missing, or not yours to read.`, {
        fix,
        cause: error,
      });
    });
    if (found === sha256) continue;
    throw new StepFailure(`${path} was changed after the backup: its SHA-256 is another.`, { fix });
  }
  return backup;
}

async function synchronise(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
