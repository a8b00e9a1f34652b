/** What `npm start` does with each setting of docs/operations.md that is set in the shell. */
import type { ServiceName } from '../service-names.ts';

/** Passed on to each service. */
const OF_ALL = [
  'PORTCULLIS_TRUSTED_PROXIES',
  'PORTCULLIS_WEB_ORIGINS',
  'PORTCULLIS_WEB_REQUEST_HEADERS',
  'PORTCULLIS_WEB_ANSWER_HEADERS',
  'PORTCULLIS_INSECURE_COOKIES',
  'PORTCULLIS_DRAIN_DELAY_MS',
  'PORTCULLIS_TLS_CA_FILE',
  'PORTCULLIS_TLS_CERT_FILE',
  'PORTCULLIS_TLS_KEY_FILE',
  'PORTCULLIS_SEND_PLAIN_TEXT_AND_TRUST_THE_NETWORK',
] as const;

/** Passed on to auth alone: some of them are secrets. */
const OF_AUTH = [
  'PORTCULLIS_KEY_ENCRYPTION_KEY_OTHER',
  'PORTCULLIS_SIGNING_ALGORITHM',
  'PORTCULLIS_KEY_ROTATION_DAYS',
  'PORTCULLIS_ACCESS_TOKEN_SECONDS',
  'PORTCULLIS_SESSION_IDLE_SECONDS',
  'PORTCULLIS_SESSION_SECONDS',
  'PORTCULLIS_MAX_SESSIONS',
  'PORTCULLIS_MAX_STALENESS_MS',
  'PORTCULLIS_AUDIENCES',
  'PORTCULLIS_CONFIG',
  'PORTCULLIS_DURABLES',
  'PORTCULLIS_REQUIRE_VERIFIED_EMAIL',
  'PORTCULLIS_ARGON2',
  'PORTCULLIS_RATE_LIMIT_SCALE',
  'PORTCULLIS_PAGES_STYLE',
  'PORTCULLIS_PAGES_LOGO',
  'PORTCULLIS_SMTP_URL',
  'PORTCULLIS_MAIL_FROM',
  'PORTCULLIS_SEND_NO_MAIL_AND_RECOVER_NO_ACCOUNT',
  'PORTCULLIS_BREACHED_PASSWORDS_URL',
] as const;

/** Read by the launcher itself, which gives the services what follows from them. */
const READ = [
  'PORT',
  'LOG_LEVEL',
  'DATABASE_URL',
  'NATS_URL',
  'REDIS_URL',
  'PORTCULLIS_ISSUER',
  'PORTCULLIS_PREFIX',
  'PORTCULLIS_ADMIN_EMAIL',
  'PORTCULLIS_ADMIN_PASSWORD',
] as const;

/** Not passed on, and why. */
const DECIDED = {
  PORTCULLIS_MAIL_FOLDER: 'mails are in .portcullis/dev/mail, unless PORTCULLIS_SMTP_URL is set',
  PORTCULLIS_PUBLIC_URL: 'each service has an address of its own',
  PORTCULLIS_KEY_ENCRYPTION_KEY: 'it is in .portcullis/dev/secrets/key-encryption-key',
  PORTCULLIS_AUDIENCE: 'each service has one of its own; of tokens: PORTCULLIS_AUDIENCES',
  PORTCULLIS_SERVICES: 'they are in .portcullis/dev/services.json: npm run service -- --help',
  PORTCULLIS_AUTH_URL: 'it follows from PORT',
  PORTCULLIS_CLIENT_ID: 'each service has a client of its own',
  PORTCULLIS_CLIENT_SECRET: 'each service has a client of its own',
} as const;

/** Known, decided by the launcher, and set in many shells for another reason: no word about it. */
const SILENT = ['HOST'] as const;

/** Every setting that the launcher knows, so that a test can compare them with the documents. */
export const KNOWN_SETTINGS: readonly string[] = [
  ...OF_ALL,
  ...OF_AUTH,
  ...READ,
  ...Object.keys(DECIDED),
  ...SILENT,
];

/** The launcher's own, and those of tests and of docker-compose.yml. */
const FOR_OTHERS = /^PORTCULLIS_(TEST_|POSTGRES_|NATS_|REDIS_|CLIENT_JWKS)/;
const FILE = '_FILE';

/** What a service is given of the shell's settings, each by itself or as `NAME_FILE`. */
export function passedOn(
  service: ServiceName,
  shell: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
  const names: readonly string[] = service === 'auth' ? [...OF_ALL, ...OF_AUTH] : OF_ALL;
  const given = names.flatMap((name) => [name, `${name}${FILE}`]);
  return Object.fromEntries(
    given.flatMap((name) => {
      const value = shell[name];
      return value ? [[name, value]] : [];
    }),
  );
}

/** Whether it is set, by itself or as a file. */
export function isGiven(name: string, shell: NodeJS.ProcessEnv = process.env): boolean {
  return Boolean(shell[name]) || Boolean(shell[`${name}${FILE}`]);
}

/** A line for each setting that the shell has and no service gets. */
export function notPassedOn(shell: NodeJS.ProcessEnv = process.env): string[] {
  return Object.entries(shell)
    .filter(([name, value]) => Boolean(value) && name.startsWith('PORTCULLIS_'))
    .toSorted(([one], [other]) => one.localeCompare(other))
    .flatMap(([name]) => {
      const why = reasonOf(name);
      return why === undefined ? [] : [`${name} is not passed on: ${why}`];
    });
}

function reasonOf(name: string): string | undefined {
  const known: readonly string[] = [...OF_ALL, ...OF_AUTH];
  const read: readonly string[] = READ;
  if (FOR_OTHERS.test(name) || known.includes(name) || read.includes(name)) return undefined;
  const plain = name.endsWith(FILE) ? name.slice(0, -FILE.length) : name;
  if (known.includes(plain)) return undefined;
  if (read.includes(plain)) return `give ${plain} itself`;
  const decided = Object.entries(DECIDED).find(([one]) => one === plain);
  return decided?.[1] ?? 'docs/operations.md has no such setting';
}
