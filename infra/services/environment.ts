import type { Administrator } from './first-administrator.ts';
import { addressOf, type ServicePorts } from './catalogue.ts';
import { SUBJECT_PREFIX, type ServiceName } from '../service-names.ts';
import { CONFIG_FILE } from './declared-access.ts';
import { isGiven, passedOn } from './settings.ts';

/** What a service is given; each gets only what it needs. */
export type ServiceEnvironment = Record<string, string>;

export interface SystemFacts {
  ports: ServicePorts;
  databases: { auth: string; user: string };
  /** With each service's own credentials. */
  nats: Record<ServiceName, string>;
  redis: string;
  administrator: Administrator;
  keyEncryptionKeyFile: string;
  /** Where mails go, unless the user's shell names a server for them. */
  mailFolder: string;
  /** Where services of the reader's own stand, which auth follows. */
  servicesFile: string;
  /** Of the services that verify tokens. */
  clientSecretFiles: Record<'user' | 'admin', string>;
}

/** The machine clients of the services that verify tokens; named as they verify. */
export const CLIENTS = { user: 'cli_user', admin: 'cli_admin' } as const;

/** Settings of the user's shell that every process may need. */
const INHERITED = ['PATH', 'HOME', 'TMPDIR', 'TZ', 'LANG', 'NODE_OPTIONS', 'NODE_EXTRA_CA_CERTS'];

export function serviceEnvironments(facts: SystemFacts): Record<ServiceName, ServiceEnvironment> {
  const issuer = process.env['PORTCULLIS_ISSUER'] ?? addressOf(facts.ports.auth);
  const common = (service: ServiceName): ServiceEnvironment => ({
    ...inherited(),
    ...passedOn(service),
    NODE_ENV: 'development',
    HOST: '127.0.0.1',
    PORT: String(facts.ports[service]),
    LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'info',
    NATS_URL: facts.nats[service],
    PORTCULLIS_ISSUER: issuer,
    PORTCULLIS_PREFIX: SUBJECT_PREFIX,
  });
  const verifier = (service: 'user' | 'admin'): ServiceEnvironment => ({
    PORTCULLIS_AUTH_URL: addressOf(facts.ports.auth),
    PORTCULLIS_AUDIENCE: `urn:portcullis:${service}`,
    PORTCULLIS_CLIENT_ID: CLIENTS[service],
    PORTCULLIS_CLIENT_SECRET_FILE: facts.clientSecretFiles[service],
  });
  return {
    auth: {
      ...common('auth'),
      DATABASE_URL: facts.databases.auth,
      REDIS_URL: facts.redis,
      PORTCULLIS_KEY_ENCRYPTION_KEY_FILE: facts.keyEncryptionKeyFile,
      PORTCULLIS_ADMIN_EMAIL: facts.administrator.email,
      PORTCULLIS_ADMIN_PASSWORD: facts.administrator.password,
      // A server, where the shell names one, wins over the folder.
      PORTCULLIS_MAIL_FOLDER: facts.mailFolder,
      ...unlessGiven('PORTCULLIS_REQUIRE_VERIFIED_EMAIL', 'false'),
      ...(isGiven('PORTCULLIS_CONFIG') ? {} : { PORTCULLIS_CONFIG_FILE: CONFIG_FILE }),
      PORTCULLIS_SERVICES_FILE: facts.servicesFile,
    },
    user: {
      ...common('user'),
      DATABASE_URL: facts.databases.user,
      ...verifier('user'),
    },
    admin: {
      ...common('admin'),
      ...verifier('admin'),
    },
  };
}

/** For development, where the shell says nothing else. */
function unlessGiven(name: string, value: string): ServiceEnvironment {
  return isGiven(name) ? {} : { [name]: value };
}

function inherited(): ServiceEnvironment {
  const passed = Object.entries(process.env).filter(
    ([name]) => INHERITED.includes(name) || /^(LC_|OTEL_)/.test(name),
  );
  return Object.fromEntries(passed.flatMap(([name, value]) => (value ? [[name, value]] : [])));
}
