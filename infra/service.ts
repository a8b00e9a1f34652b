import { ownServices, readService, type OwnService } from './nats/own-services.ts';
import { addService } from './own-services/add-service.ts';
import { listServices } from './own-services/list-services.ts';
import { removeService } from './own-services/remove-service.ts';
import { DEV_FOLDER } from './paths.ts';
import { audienceOf } from './services/own-service-environment.ts';
import { WrongUsage, type Words } from './usage/read-words.mjs';

/** `npm run service`: services of the reader's own beside `npm start`. */
export async function main(words: Words): Promise<number> {
  return await manageServices(DEV_FOLDER, words);
}

/** @throws {WrongUsage} before anything is made */
export async function manageServices(dataFolder: string, words: Words): Promise<number> {
  const { command: verb } = words;
  const [name = ''] = words.names;
  if (verb === 'list') return listServices(dataFolder);
  if (name === '') {
    throw new WrongUsage(`npm run service -- ${verb}`, 'no NAME is given', undefined);
  }
  const again = `npm run service -- ${words.all.join(' ')}`;
  const service = serviceOf(verb, name, words);
  if (verb === 'remove') return await removeService(dataFolder, service.name, again);
  demandAudience(dataFolder, service, again);
  return await addService(dataFolder, service, { show: words.flag('show'), again });
}

/** @throws {WrongUsage} */
function serviceOf(verb: string, name: string, words: Words): OwnService {
  try {
    return readService(name, {
      audience: words.value('audience'),
      events: listed(words.values('events')),
      permissions: listed(words.values('permissions')),
    });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new WrongUsage(`npm run service -- ${verb}`, error.message, undefined);
  }
}

/**
 * None is guessed: by a wrong one a service refuses the tokens that are for it, and takes those that are for another.
 *
 * @param typed the command, which lacks it
 * @throws {WrongUsage} with the whole command
 */
function demandAudience(dataFolder: string, { name, audience }: OwnService, typed: string): void {
  if (audience !== undefined) return;
  const before = ownServices(dataFolder).find((one) => one.name === name);
  const meant = before === undefined ? `urn:acme:${name}` : audienceOf(before);
  const what = `no --audience is given, which says what the tokens of ${name} are for`;
  const fix = `${typed} --audience ${meant}`;
  throw new WrongUsage('npm run service -- add', what, undefined, fix);
}

/** Given several times, or separated by commas. */
const listed = (values: readonly string[]): string[] =>
  values.flatMap((value) => value.split(',')).filter((one) => one !== '');
