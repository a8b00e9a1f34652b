/** Each service's own user on NATS. The passwords are made at the first start, and kept. */
import { DURABLES } from '@portcullis/bus';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  LAUNCHER,
  natsConfiguration,
  openNatsConfiguration,
  passwordVariable,
} from './configuration.ts';
import { secret } from '../secrets.ts';
import { SERVICES, SUBJECT_PREFIX, type ServiceName } from '../service-names.ts';
import { ownServices } from './own-services.ts';

/** A user for `each` service, or `one` who may do everything: tests choose prefixes as they run. */
export type BusUsers = 'each' | 'one';

export interface PreparedNats {
  /** The path of the configuration. */
  configuration: string;
  /** What the configuration takes from the environment, as it stands there. */
  passwords: Record<string, string>;
  /** Of the user that the launcher connects with, as in a URL. */
  credentials: string;
}

/** Those that the launcher and docker-compose.yml give NATS, beside services of the reader's own. */
export const BUS_USERS: readonly string[] = [LAUNCHER, ...SERVICES];

/** Writes the configuration anew each time: another version may allow something else. */
export function prepareNats(dataFolder: string, which: BusUsers): PreparedNats {
  const configuration = join(dataFolder, 'nats.conf');
  const draft = `${configuration}.draft-${process.pid}`;
  const own = which === 'each' ? ownServices(dataFolder) : [];
  const users = [...BUS_USERS, ...own.map(({ name }) => name)];
  const durables = own.flatMap(({ name, events }) =>
    events.map((stream) => ({ service: name, stream })),
  );
  const text =
    which === 'each'
      ? natsConfiguration(SUBJECT_PREFIX, users, [...DURABLES, ...durables])
      : openNatsConfiguration();
  writeFileSync(draft, text);
  renameSync(draft, configuration);
  const passwords = users.map((user) => [passwordVariable(user), passwordOf(dataFolder, user)]);
  return {
    configuration,
    passwords: Object.fromEntries(passwords),
    credentials: `${LAUNCHER}:${passwordOf(dataFolder, LAUNCHER)}`,
  };
}

/** A server's URL with each service's own credentials instead of the launcher's. */
export function natsUrls(dataFolder: string, url: string): Record<ServiceName, string> {
  const urlOf = (service: ServiceName): string => natsUrlOf(dataFolder, url, service);
  return { auth: urlOf('auth'), user: urlOf('user'), admin: urlOf('admin') };
}

/** The same for one user. */
export function natsUrlOf(dataFolder: string, url: string, user: string): string {
  const location = new URL(url);
  location.username = user;
  location.password = passwordOf(dataFolder, user);
  return location.href;
}

const passwordOf = (dataFolder: string, user: string): string => secret(dataFolder, `nats-${user}`);
