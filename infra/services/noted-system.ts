import { chosenPorts, DATABASES } from './catalogue.ts';
import type { ServiceName } from '../service-names.ts';
import { serviceEnvironments, type ServiceEnvironment } from './environment.ts';
import { firstAdministrator } from './first-administrator.ts';
import { ownServicesFile } from '../nats/own-services.ts';
import { runningSystem } from './running-system.ts';
import { mailFolder } from './print-mail-links.ts';
import { natsUrls } from '../nats/users.ts';
import { secret, secretFile } from '../secrets.ts';
import { notedPort } from '../system/free-port.ts';

/** The environments of the services of the system that runs in this data folder. */
export function noted(dataFolder: string): Record<ServiceName, ServiceEnvironment> {
  const nats = process.env['NATS_URL'];
  return serviceEnvironments({
    ports: runningSystem(dataFolder) ?? chosenPorts(),
    databases: { auth: databaseOf(dataFolder, 'auth'), user: databaseOf(dataFolder, 'user') },
    nats: nats ? { auth: nats, user: nats, admin: nats } : natsUrls(dataFolder, natsOf(dataFolder)),
    redis:
      process.env['REDIS_URL'] ??
      `redis://:${secret(dataFolder, 'redis')}@127.0.0.1:${notedPort(dataFolder, 'redis')}`,
    administrator: firstAdministrator(),
    servicesFile: ownServicesFile(dataFolder),
    keyEncryptionKeyFile: secretFile(dataFolder, 'key-encryption-key'),
    mailFolder: mailFolder(dataFolder),
    clientSecretFiles: {
      user: secretFile(dataFolder, 'user-client'),
      admin: secretFile(dataFolder, 'admin-client'),
    },
  });
}

/** NATS of that system, without credentials unless they were given. */
export function natsOf(dataFolder: string): string {
  return process.env['NATS_URL'] ?? `nats://127.0.0.1:${notedPort(dataFolder, 'nats')}`;
}

/** The database of a service of that system, with its own credentials. */
export function databaseOf(dataFolder: string, service: keyof typeof DATABASES): string {
  const given = process.env['DATABASE_URL'];
  const location = new URL(given ?? 'postgres://127.0.0.1');
  location.pathname = `/${DATABASES[service]}`;
  if (given) return location.href;
  location.username = DATABASES[service];
  location.password = secret(dataFolder, `postgres-${service}`);
  location.port = String(notedPort(dataFolder, 'postgres'));
  return location.href;
}
