/** Faults of the launcher: what of the reader's shell reaches the services of `npm start`. */
import { readFile } from 'node:fs/promises';
import { afterEach, expect, it, vi } from 'vitest';
import { serviceEnvironments } from '../../services/environment.ts';

const checkout = new URL('../../../', import.meta.url);
/** A row of the table of settings: its names, and the services that have it. */
const ROW = /^\| (`[A-Z].*?`) +\| ([a-z, ]+?) +\|/gm;
/** Given by the launcher to each service, over the values of the shell. */
const ITS_OWN = [
  'PORT',
  'HOST',
  'NATS_URL',
  'DATABASE_URL',
  'REDIS_URL',
  'PORTCULLIS_PUBLIC_URL',
  'PORTCULLIS_KEY_ENCRYPTION_KEY',
  'PORTCULLIS_MAIL_FOLDER',
  'PORTCULLIS_ADMIN_EMAIL',
  'PORTCULLIS_ADMIN_PASSWORD',
  'PORTCULLIS_AUDIENCE',
  'PORTCULLIS_SERVICES',
  'PORTCULLIS_AUTH_URL',
  'PORTCULLIS_CLIENT_ID',
  'PORTCULLIS_CLIENT_SECRET',
  // Read once, as the launcher begins.
  'PORTCULLIS_PREFIX',
];

afterEach(() => {
  vi.unstubAllEnvs();
});

function environments(): Record<string, Record<string, string>> {
  const one = 'nats://127.0.0.1:4222';
  return serviceEnvironments({
    ports: { auth: 4000, user: 4001, admin: 4002 },
    databases: { auth: 'postgres://127.0.0.1/auth', user: 'postgres://127.0.0.1/user' },
    nats: { auth: one, user: one, admin: one },
    redis: 'redis://127.0.0.1',
    administrator: { email: 'a@example.com', password: 'x', origin: 'environment' },
    keyEncryptionKeyFile: '/kek',
    mailFolder: '/mail',
    servicesFile: '/services.json',
    clientSecretFiles: { user: '/user', admin: '/admin' },
  });
}

async function settings(): Promise<{ name: string; services: string[] }[]> {
  const page = await readFile(new URL('docs/operations.md', checkout), 'utf8');
  return [...page.matchAll(ROW)].flatMap(([, names = '', services = '']) => {
    const [first = '', ...others] = [...names.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
    const root = first.slice(0, first.lastIndexOf('_'));
    return [first, ...others.map((name) => name.replace('…', root))].map((name) => ({
      name,
      services: services === 'all' ? ['auth', 'user', 'admin'] : services.split(', '),
    }));
  });
}

it('D2: audiences of the shell reach auth', () => {
  const audiences = 'urn:portcullis:auth urn:portcullis:user urn:acme:orders';
  vi.stubEnv('PORTCULLIS_AUDIENCES', audiences);
  expect(environments()).toMatchObject({ auth: { PORTCULLIS_AUDIENCES: audiences } });
});

it('D2: every documented setting that is not the launcher’s own reaches its services', async () => {
  const documented = await settings();
  expect(documented.length).toBeGreaterThan(35);
  const passed = documented.filter(({ name }) => !ITS_OWN.includes(name));
  for (const { name } of passed) vi.stubEnv(name, `of the shell: ${name}`);
  const given = environments();
  const lost = passed.flatMap(({ name, services }) =>
    services.flatMap((service) =>
      given[service]?.[name] === `of the shell: ${name}` ? [] : [`${name} at ${service}`],
    ),
  );
  expect(lost).toEqual([]);
});

it('D2: a setting that is given as a file reaches its service', () => {
  vi.stubEnv('PORTCULLIS_SMTP_URL_FILE', '/run/secrets/smtp-url');
  vi.stubEnv('PORTCULLIS_AUDIENCES_FILE', '/run/audiences');
  vi.stubEnv('PORTCULLIS_REQUIRE_VERIFIED_EMAIL_FILE', '/run/verified');
  const { auth } = environments();
  expect(auth).toMatchObject({
    PORTCULLIS_SMTP_URL_FILE: '/run/secrets/smtp-url',
    PORTCULLIS_AUDIENCES_FILE: '/run/audiences',
    PORTCULLIS_REQUIRE_VERIFIED_EMAIL_FILE: '/run/verified',
  });
  // Both would be "given twice".
  expect(auth).not.toHaveProperty('PORTCULLIS_REQUIRE_VERIFIED_EMAIL');
});
