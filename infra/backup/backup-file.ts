/** `backup.json`: what a backup holds, so that it can be compared with what a restore makes of it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { StepFailure } from '../steps.ts';

export const BACKUP_FILE = 'backup.json';
/** Raised by a change that an older command would read wrongly. */
const FORM = 1;

export const SERVICES_WITH_DATABASE = ['auth', 'user'] as const;

const databaseBackup = z.object({
  service: z.enum(SERVICES_WITH_DATABASE),
  file: z.string().regex(/^[a-z]+\.dump$/),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** As the server says it, such as `15.14 (Debian 15.14-0+deb12u1)`. */
  serverVersion: z.string(),
  serverMajor: z.number().int(),
  /** Exact rows of each table, by its name with its schema. */
  tables: z.record(z.string(), z.number().int()),
});
const backup = z.object({
  form: z.literal(FORM),
  /** UTC. */
  madeAt: z.string(),
  /** Of Portcullis. */
  release: z.string(),
  databases: z.array(databaseBackup).min(1),
});

export type DatabaseBackup = z.infer<typeof databaseBackup>;
export type Backup = z.infer<typeof backup>;
/** A service that has a database. */
export type Service = DatabaseBackup['service'];

export function backupText(content: Omit<Backup, 'form'>): string {
  return `${JSON.stringify({ form: FORM, ...content }, undefined, 2)}\n`;
}

/** @throws {StepFailure} for a folder that holds no whole backup of a form that is known */
export function readBackup(folder: string): Backup {
  const file = join(folder, BACKUP_FILE);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new StepFailure(
      `${file} is missing: this is no backup, or one that was interrupted before its end.`,
      { cause: error, fix: 'name the folder of another backup' },
    );
  }
  const read = backup.safeParse(parsed(text));
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new StepFailure(`${file} cannot be read: ${issue?.path.join('.')}: ${issue?.message}`, {
    fix: 'name the folder of another backup',
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
