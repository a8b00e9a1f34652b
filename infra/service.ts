import { existsSync } from 'node:fs';
import { relative } from 'node:path';
import { DEV_FOLDER, ROOT } from './paths.ts';
import { environmentFile } from './services/own-service-environment.ts';
import {
  ownServices,
  readService,
  writeOwnServices,
  type OwnService,
} from './nats/own-services.ts';
import { runningSystem } from './services/running-system.ts';
import { StepFailure } from './steps.ts';
import { WrongUsage, type Words } from './usage/read-words.mjs';

/** `npm run service`: services of the reader's own beside `npm start`. */
export function main(words: Words): number {
  const { command: verb } = words;
  const [name = ''] = words.names;
  if (verb !== 'list' && name === '') {
    throw new WrongUsage(`npm run service -- ${verb}`, 'no NAME is given', undefined);
  }
  const known = ownServices(DEV_FOLDER);
  const others = known.filter((one) => one.name !== name);
  if (verb === 'list') {
    for (const one of known) console.log(lineOf(one));
    return 0;
  }
  if (verb === 'remove') {
    if (others.length === known.length) {
      throw new StepFailure(`There is no service ${name}.`, { fix: 'npm run service -- list' });
    }
    writeOwnServices(DEV_FOLDER, others);
    console.log(`${name} is removed.${whenItHolds()}`);
    return 0;
  }
  const service = serviceOf(name, words);
  writeOwnServices(DEV_FOLDER, [...others, service]);
  console.log(`${lineOf(service)}${whenItHolds()}`);
  return 0;
}

/** @throws {WrongUsage} */
function serviceOf(name: string, words: Words): OwnService {
  try {
    return readService(name, { audience: words.value('audience'), events: words.values('events') });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new WrongUsage('npm run service -- add', error.message, undefined);
  }
}

function lineOf(service: OwnService): string {
  const { name, audience, events } = service;
  const file = environmentFile(DEV_FOLDER, service);
  const settings = existsSync(file) ? 'settings in' : 'the next npm start writes settings to';
  const parts = [
    ...(audience === undefined ? [] : [`audience ${audience}`]),
    ...(events.length === 0 ? [] : [`events ${events.join(', ')}`]),
    `${settings} ${relative(ROOT, file)}`,
  ];
  return `${name}: ${parts.join('; ')}`;
}

function whenItHolds(): string {
  return runningSystem(DEV_FOLDER) === undefined
    ? '\nIt holds from the next npm start.'
    : '\nStop npm start with Ctrl-C and start it again: it holds from then on.';
}
