import { existsSync } from 'node:fs';
import { relative } from 'node:path';
import { parseArgs } from 'node:util';
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

const USAGE =
  'npm run service -- add NAME [--audience URN] [--events accounts] [--events revocations], ' +
  'npm run service -- remove NAME, or npm run service -- list';

/** `npm run service`: services of the reader's own beside `npm start`. */
export function main(words: readonly string[]): number {
  const { verb, name, service } = parse(words);
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
  if (service === undefined) throw new StepFailure('No name is given.', { fix: USAGE });
  writeOwnServices(DEV_FOLDER, [...others, service]);
  console.log(`${lineOf(service)}${whenItHolds()}`);
  return 0;
}

function parse(words: readonly string[]): { verb: string; name: string; service?: OwnService } {
  try {
    const { positionals, values } = parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        audience: { type: 'string' },
        events: { type: 'string', multiple: true },
      },
    });
    const [verb = '', name = ''] = positionals;
    if (verb === 'list' && positionals.length === 1) return { verb, name };
    if (positionals.length !== 2) throw new TypeError('usage');
    if (verb === 'remove') return { verb, name };
    if (verb !== 'add') throw new TypeError('usage');
    return { verb, name, service: readService(name, values) };
  } catch (error) {
    const why = error instanceof Error && error.message !== 'usage' ? error.message : 'Usage';
    throw new StepFailure(`${why}.`, { fix: USAGE });
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
