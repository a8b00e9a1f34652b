import { existsSync } from 'node:fs';
import { ownServices, type OwnService } from '../nats/own-services.ts';
import { audienceOf, clientIdOf, environmentFile } from '../services/own-service-environment.ts';
import { undeclared } from './permissions.ts';

const NONE = 'There are none. npm run service -- add NAME --audience URN adds one.';

/** A line for each service, by name. */
export function listServices(dataFolder: string): number {
  const services = ownServices(dataFolder);
  if (services.length === 0) console.log(NONE);
  for (const service of services) console.log(lineOf(dataFolder, service));
  return 0;
}

function lineOf(dataFolder: string, service: OwnService): string {
  const { name, audience, events, permissions = [], removed } = service;
  if (removed === true) {
    return `${name}: not removed to the end; npm run service -- remove ${name} finishes that`;
  }
  const file = environmentFile(dataFolder, service);
  const without = undeclared(permissions);
  const parts = [
    ...(audience === undefined ? [] : [`audience ${audience}`]),
    ...(permissions.length === 0 ? [] : [`permissions ${permissions.join(', ')}`]),
    ...(without.length === 0 ? [] : [`not declared: ${without.join(', ')}`]),
    ...(events.length === 0 ? [] : [`events ${events.join(', ')}`]),
    `client ${clientIdOf(service)}`,
    existsSync(file) ? `settings in ${file}` : `not made yet; ${commandOf(service)}`,
  ];
  return `${name}: ${parts.join('; ')}`;
}

/** What makes it as it is noted: `add` with fewer words would change it. */
function commandOf(service: OwnService): string {
  const { name, events, permissions = [] } = service;
  return [
    `npm run service -- add ${name} --audience ${audienceOf(service)}`,
    ...(permissions.length === 0 ? [] : [`--permissions ${permissions.join(',')}`]),
    ...events.map((stream) => `--events ${stream}`),
  ].join(' ');
}
