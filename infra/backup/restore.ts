import { join, resolve } from 'node:path';
import type { Session } from '../lifetime/session.ts';
import { build } from '../services/build.ts';
import { red, step, StepFailure } from '../steps.ts';
import type { Backup } from './backup-file.ts';
import { readIntactBackup } from './backup-folder.ts';
import { onDatabases } from './on-databases.ts';
import { previewRestore } from './preview-restore.ts';
import { restoreDatabase } from './restore-database.ts';
import { inspectTarget, requireAuthStopped, type Target } from './restore-target.ts';
import type { RestoreOptions, Restoring } from './restoring.ts';
import { afterRestore, environmentOf, migrate, requireEnvironment } from './service-commands.ts';
import { besideEachOther, isUsed } from './tables.ts';
import { contentsOf } from './verify.ts';

const TITLE = 'npm run restore';
const REFUSED = 2;

/** @returns the exit status: 2 where a database is in use, and the word for that was not given */
export async function restore(options: RestoreOptions): Promise<number> {
  const { folder, only, dryRun } = options;
  const backup = await step('checksums', () => readIntactBackup(folder));
  const chosen = backup.databases.filter(({ service }) => only === undefined || service === only);
  if (chosen.length === 0) {
    throw new StepFailure(`${folder} has no backup of ${only}.`, {
      fix: 'name the folder of another backup',
    });
  }
  const services = chosen.map(({ service }) => service);
  requireEnvironment(services);
  return await onDatabases({ title: TITLE, services, alone: !dryRun }, async (session, all) => {
    const restoring = all.flatMap((database) => {
      const one = chosen.find(({ service }) => service === database.service);
      return one === undefined ? [] : [{ database, backup: one, env: environmentOf(database) }];
    });
    if (!dryRun) return await restoreAll(session, options, backup, restoring);
    await step('build', () => build(session));
    return await previewRestore(TITLE, options, backup, restoring);
  });
}

/** Looks at all of them before it changes the first. */
async function restoreAll(
  session: Session,
  options: RestoreOptions,
  { madeAt }: Backup,
  all: readonly Restoring[],
): Promise<number> {
  const targets: { one: Restoring; target: Target }[] = [];
  for (const one of all) {
    targets.push({ one, target: await inspectTarget(one.database.url, one.backup) });
  }
  const used = targets.filter(({ target }) => isUsed(target.counts));
  if (used.length > 0 && !options.replace) {
    for (const { one, target } of used) {
      const what = `What was committed after ${madeAt} would be lost, and nothing was changed.`;
      console.error(red(`\nThe database of ${one.backup.service} is in use. ${what}`));
      console.error(besideEachOther(target.counts, one.backup.tables));
    }
    console.error(`Fix: ${again(options)} --replace`);
    return REFUSED;
  }
  await step('build', () => build(session));
  for (const { backup, env } of all) {
    if (backup.service === 'auth') await requireAuthStopped(session, env);
  }
  for (const { one, target } of targets) {
    const status = await restoreOne(session, options, one, target);
    if (status !== 0) return status;
  }
  return 0;
}

/** The command as it was typed. */
function again({ folder, only, apply }: RestoreOptions): string {
  const words = [...(only === undefined ? [] : ['--only', only]), ...(apply ? ['--apply'] : [])];
  return [TITLE, '--', folder, ...words].join(' ');
}

async function restoreOne(
  session: Session,
  { folder, apply }: RestoreOptions,
  { backup, database, env }: Restoring,
  { major }: Target,
): Promise<number> {
  const { service, file, tables } = backup;
  await step(
    `restore ${service}`,
    async () => {
      const dump = join(resolve(folder), file);
      await restoreDatabase(session, dump, database.url, { major, replace: true });
    },
    () => contentsOf(tables),
  );
  await step(`migrate ${service}`, async () => await migrate(session, service, env));
  if (service === 'user') {
    console.log('\nOnce auth and user run: npm run user -- reconcile-profiles');
    return 0;
  }
  const status = await afterRestore(session, env, apply ? ['--apply'] : []);
  if (status === 0) return 0;
  throw new StepFailure('The database of auth is restored. Auth must not start on it yet.', {
    fix: `mend what is said above, then: npm run after-restore${apply ? ' -- --apply' : ''}`,
  });
}
