/** Each service's own user on NATS. The passwords are made at the first start, and kept. */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  LAUNCHER,
  natsConfiguration,
  openNatsConfiguration,
  passwordVariable,
} from './configuration.ts';
import { secret } from '../secrets.ts';
import { SERVICES, SUBJECT_PREFIX, type ServiceName } from '../services/catalogue.ts';

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

/** Those that the launcher and docker-compose.yml give NATS. */
export const BUS_USERS: readonly string[] = [LAUNCHER, ...SERVICES];

/** Writes the configuration anew each time: another version may allow something else. */
export function prepareNats(dataFolder: string, which: BusUsers): PreparedNats {
  const configuration = join(dataFolder, 'nats.conf');
  const draft = `${configuration}.draft-${process.pid}`;
  const text =
    which === 'each' ? natsConfiguration(SUBJECT_PREFIX, BUS_USERS) : openNatsConfiguration();
  writeFileSync(draft, text);
  renameSync(draft, configuration);
  const passwords = BUS_USERS.map((user) => [passwordVariable(user), passwordOf(dataFolder, user)]);
  return {
    configuration,
    passwords: Object.fromEntries(passwords),
    credentials: `${LAUNCHER}:${passwordOf(dataFolder, LAUNCHER)}`,
  };
}

/** A server's URL with each service's own credentials instead of the launcher's. */
export function natsUrls(dataFolder: string, url: string): Record<ServiceName, string> {
  const urlOf = (service: ServiceName): string => {
    const location = new URL(url);
    location.username = service;
    location.password = passwordOf(dataFolder, service);
    return location.href;
  };
  return { auth: urlOf('auth'), user: urlOf('user'), admin: urlOf('admin') };
}

const passwordOf = (dataFolder: string, user: string): string => secret(dataFolder, `nats-${user}`);
