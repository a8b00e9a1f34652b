import { isDatabaseGiven } from './backup/on-databases.ts';
import { requireFolder } from './backup/require-folder.ts';
import { restore } from './backup/restore.ts';
import { SERVICES_WITH_DATABASE, type Service } from './backup/backup-file.ts';
import { nearest } from './usage/nearest.mjs';
import { WrongUsage, type Words } from './usage/read-words.mjs';

const TITLE = 'npm run restore';

/** `npm run restore`: puts a backup in the place of the databases, and makes it safe to serve from. */
export async function main(words: Words): Promise<number> {
  return await restore({
    folder: requireFolder(TITLE, words),
    only: serviceOf(words),
    apply: words.flag('apply'),
    dryRun: words.flag('dry-run'),
    replace: words.flag('replace'),
  });
}

function serviceOf(words: Words): Service | undefined {
  const given = words.value('only');
  const service = SERVICES_WITH_DATABASE.find((one) => one === given);
  if (given !== undefined && service === undefined) {
    const what = `${given} has no database`;
    throw new WrongUsage(TITLE, what, nearest(given, [...SERVICES_WITH_DATABASE]));
  }
  if (service === undefined && isDatabaseGiven()) {
    const what = 'DATABASE_URL names one database, so --only has to name its service';
    throw new WrongUsage(TITLE, what, undefined, `${TITLE} -- FOLDER --only auth`);
  }
  return service;
}
