/** The commands of a service that follow a restore, on the database that was restored. */
import { join } from 'node:path';
import { mustRun, runCommand } from '../lifetime/run-command.ts';
import type { Session } from '../lifetime/session.ts';
import { CLOSED_OUTPUT, DEV_FOLDER } from '../paths.ts';
import { program } from '../services/catalogue.ts';
import { noted } from '../services/noted-system.ts';
import { isGiven } from '../services/settings.ts';
import { StepFailure } from '../steps.ts';
import type { Service } from './backup-file.ts';
import { isDatabaseGiven, type Database } from './on-databases.ts';

/** What `after-restore` needs beside the database. */
const OF_AUTH = ['NATS_URL', 'PORTCULLIS_KEY_ENCRYPTION_KEY'] as const;

/** @throws {StepFailure} naming what the environment lacks, before anything is changed */
export function requireEnvironment(services: readonly Service[]): void {
  if (!isDatabaseGiven() || !services.includes('auth')) return;
  const missing = OF_AUTH.filter((name) => !isGiven(name));
  if (missing.length === 0) return;
  throw new StepFailure(
    `A restore of auth ends with after-restore, which needs ${missing.join(' and ')} too. Nothing was changed.`,
    { fix: 'give the environment of auth' },
  );
}

/** The environment of the service, as it is or as the launcher has it, with this database. */
export function environmentOf({ service, url }: Database): NodeJS.ProcessEnv {
  if (!isDatabaseGiven()) return { ...noted(DEV_FOLDER)[service], DATABASE_URL: url };
  const { DATABASE_URL_FILE: _, ...env } = process.env;
  return { ...env, DATABASE_URL: url };
}

/** Brings the database to this release. @throws {StepFailure} with what it says */
export async function migrate(
  session: Session,
  service: Service,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  await mustRun(session.supervisor, {
    name: `${service} migrate`,
    argv: [process.execPath, program(service, 'commands/migrate.js')],
    env,
    output: { file: join(session.dataFolder, 'logs', `${service}-migrate.log`) },
  });
}

/** @returns its exit status */
export async function afterRestore(
  session: Session,
  env: NodeJS.ProcessEnv,
  words: readonly string[],
): Promise<number> {
  return await runCommand(session.supervisor, {
    name: 'after-restore',
    argv: [
      process.execPath,
      ...CLOSED_OUTPUT,
      program('auth', 'commands/after-restore.js'),
      ...words,
    ],
    env,
    output: 'inherit',
  });
}
