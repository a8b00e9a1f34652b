/** Each service's own user on NATS. The passwords are made at the first start, and kept. */
import { DURABLES } from '@portcullis/bus';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  LAUNCHER,
  natsConfiguration,
  openNatsConfiguration,
  passwordVariable,
} from './configuration.ts';
import { secret } from '../secrets.ts';
import { SERVICES, SUBJECT_PREFIX, type ServiceName } from '../service-names.ts';
import { ownServices, present } from './own-services.ts';

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

/**
 * Writes the configuration at each start: another version may allow something else.
 *
 * @param keeps whether the configuration has the passwords in it (then its mode is 0600): a server that runs takes up
 *   a user by a reload, and its environment is as it was when it began
 */
export function prepareNats(
  dataFolder: string,
  which: BusUsers,
  { keeps = false }: { keeps?: boolean } = {},
): PreparedNats {
  const configuration = natsFile(dataFolder);
  const draft = `${configuration}.draft-${process.pid}`;
  const { text, passwords } = contentFor(dataFolder, which, keeps);
  writeFileSync(draft, text, { mode: keeps ? 0o600 : 0o644 });
  renameSync(draft, configuration);
  return {
    configuration,
    passwords,
    credentials: `${LAUNCHER}:${passwordOf(dataFolder, LAUNCHER)}`,
  };
}

/** Whether the configuration, with its passwords, is that of the services that there are now. Only looks. */
export function isNatsPrepared(dataFolder: string): boolean {
  const file = natsFile(dataFolder);
  const { text } = contentFor(dataFolder, 'each', true);
  return existsSync(file) && readFileSync(file, 'utf8') === text;
}

const natsFile = (dataFolder: string): string => join(dataFolder, 'nats.conf');

function contentFor(
  dataFolder: string,
  which: BusUsers,
  keeps: boolean,
): { text: string; passwords: Record<string, string> } {
  const own = which === 'each' ? present(ownServices(dataFolder)) : [];
  const users = [...BUS_USERS, ...own.map(({ name }) => name)];
  const durables = own.flatMap(({ name, events }) =>
    events.map((stream) => ({ service: name, stream })),
  );
  const passwords = Object.fromEntries(
    users.map((user) => [passwordVariable(user), passwordOf(dataFolder, user)]),
  );
  const text =
    which === 'each'
      ? natsConfiguration(SUBJECT_PREFIX, users, [...DURABLES, ...durables])
      : openNatsConfiguration();
  return { text: keeps ? withPasswords(passwords, text) : text, passwords };
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

/** Where the configuration itself has a variable, NATS does not ask its environment. */
function withPasswords(passwords: Readonly<Record<string, string>>, text: string): string {
  const rows = Object.entries(passwords).map(
    ([name, value]) => `${name}: ${JSON.stringify(value)}`,
  );
  return `# The passwords of the users below.\n${rows.join('\n')}\n\n${text}`;
}

/** The name of its file among the secrets. */
export const secretNameOf = (user: string): string => `nats-${user}`;
const passwordOf = (dataFolder: string, user: string): string =>
  secret(dataFolder, secretNameOf(user));
