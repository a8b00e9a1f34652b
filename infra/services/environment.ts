import type { Administrator } from './first-administrator.ts';
import { addressOf, SUBJECT_PREFIX, type ServiceName, type ServicePorts } from './catalogue.ts';

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
  /** Where mails go, unless the person's shell names a server for them. */
  mailFolder: string;
  /** Of the services that verify tokens. */
  clientSecretFiles: Record<'user' | 'admin', string>;
}

/** The machine clients of the services that verify tokens; named as they verify. */
export const CLIENTS = { user: 'cli_user', admin: 'cli_admin' } as const;

/** Settings of the person's shell that every process may need. */
const INHERITED = ['PATH', 'HOME', 'TMPDIR', 'TZ', 'LANG', 'NODE_OPTIONS', 'NODE_EXTRA_CA_CERTS'];

/** Settings that hold a secret, or that the launcher decides: never passed on as they are. */
const NOT_PASSED_ON =
  /^PORTCULLIS_(ADMIN_|CLIENT_|KEY_ENCRYPTION_|SMTP_|TEST_|ISSUER|PUBLIC_URL|AUDIENCE|AUTH_URL)/;

export function serviceEnvironments(facts: SystemFacts): Record<ServiceName, ServiceEnvironment> {
  const issuer = process.env['PORTCULLIS_ISSUER'] ?? addressOf(facts.ports.auth);
  const common = (service: ServiceName): ServiceEnvironment => ({
    ...inherited(),
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
      PORTCULLIS_MAIL_FOLDER: facts.mailFolder,
      // Wins over the folder.
      ...(process.env['PORTCULLIS_SMTP_URL'] && {
        PORTCULLIS_SMTP_URL: process.env['PORTCULLIS_SMTP_URL'],
      }),
      PORTCULLIS_REQUIRE_VERIFIED_EMAIL:
        process.env['PORTCULLIS_REQUIRE_VERIFIED_EMAIL'] ?? 'false',
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

function inherited(): ServiceEnvironment {
  const passed = Object.entries(process.env).filter(
    ([name]) =>
      INHERITED.includes(name) ||
      /^(LC_|OTEL_)/.test(name) ||
      (name.startsWith('PORTCULLIS_') && !NOT_PASSED_ON.test(name)),
  );
  return Object.fromEntries(passed.flatMap(([name, value]) => (value ? [[name, value]] : [])));
}
