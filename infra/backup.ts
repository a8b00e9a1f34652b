import { backUp } from './backup/back-up.ts';
import { isDatabaseGiven } from './backup/on-databases.ts';
import { SERVICES_WITH_DATABASE, type Service } from './backup/backup-file.ts';
import { nearest } from './usage/nearest.mjs';
import { WrongUsage, type Words } from './usage/read-words.mjs';

const TITLE = 'npm run backup';
/** Beside `.portcullis`, which is deleted to start afresh. */
const FOLDER = 'backups';

/** `npm run backup`: the databases of auth and user, as one folder of files. */
export async function main(words: Words): Promise<number> {
  const services = servicesOf(words.names);
  return await backUp({
    services,
    into: words.value('into') ?? FOLDER,
    verify: words.flag('verify'),
    metrics: words.value('metrics'),
  });
}

function servicesOf(names: readonly string[]): readonly Service[] {
  const chosen = names.map((name) => {
    const service = SERVICES_WITH_DATABASE.find((one) => one === name);
    if (service === undefined) {
      const what = `${name} has no database`;
      throw new WrongUsage(TITLE, what, nearest(name, [...SERVICES_WITH_DATABASE]));
    }
    return service;
  });
  if (isDatabaseGiven() && chosen.length !== 1) {
    const what = 'DATABASE_URL names one database, so one service has to be named';
    throw new WrongUsage(TITLE, what, undefined, `${TITLE} -- auth, or: ${TITLE} -- user`);
  }
  if (chosen.length === 0) return SERVICES_WITH_DATABASE;
  return SERVICES_WITH_DATABASE.filter((one) => chosen.includes(one));
}
