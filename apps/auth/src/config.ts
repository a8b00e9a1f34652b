/** The only file here that reads the environment. Secrets stand apart, so that nothing prints them. */
import {
  audienceName,
  clientId,
  emailAddress,
  EVENT_STREAMS,
  permission,
  serviceName,
  shownName,
} from '@portcullis/contracts';
import {
  ConfigurationError,
  cookieSettings,
  databaseUrl,
  flag,
  httpUrl,
  integer,
  isProduction,
  publicUrlsOf,
  readConfig,
  secret,
  serviceFields,
  type Environment,
} from '@portcullis/service';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { argon2Parameters, DEFAULT_ARGON2 } from './password/argon2-parameters.ts';
import { readClientKeys } from './client/client-keys.ts';
import { MAX_SECRET_LENGTH, MIN_SECRET_LENGTH } from './client/secret-hash.ts';
import { signingAlgorithm } from './keys/signing-key.ts';
import {
  DEFAULT_SESSION_LIMITS,
  type SessionLimits,
  MAX_TOKEN_SECONDS,
} from './timing/lifetimes.ts';

export const OWN_AUDIENCE = 'urn:portcullis:auth';
const AUDIENCES = [OWN_AUDIENCE, 'urn:portcullis:user', 'urn:portcullis:admin'];
const KEY_BYTES = 32;
/** Characters. */
const MAX_JWKS_LENGTH = 32_768;

/** `orders:accounts orders:revocations`: who reads which stream durably. */
const durables = z
  .string()
  .transform((value) => value.split(/[\s,]+/).filter((one) => one !== ''))
  .pipe(
    z
      .array(
        z
          .string()
          .regex(/^[^:]+:[^:]+$/, 'is not service:stream')
          .transform((one) => ({ service: one.split(':')[0], stream: one.split(':')[1] }))
          .pipe(z.object({ service: serviceName, stream: z.enum(EVENT_STREAMS) })),
      )
      .max(64, 'names too many'),
  );

const maxStalenessMs = integer({ min: 100, max: 300_000 }).default(5_000);

export interface Administrator {
  email: string;
  password: string;
}

export type AuthConfig = ReturnType<typeof readAuthConfig>;

/** @throws ConfigurationError that names every variable that is wrong, and repeats no value */
export function readAuthConfig(env: Environment = process.env) {
  const production = isProduction(env);
  const fields = readConfig(
    z.object({
      ...serviceFields({ production, port: 4000 }),
      ...administratorFields(production),
      DATABASE_URL: databaseUrl({ production }),
      REDIS_URL: z
        .string()
        .max(2048, 'is too long')
        .refine(
          (value) => URL.canParse(value) && /^rediss?:$/.test(new URL(value).protocol),
          'is not a redis:// or rediss:// address',
        ),
      PORTCULLIS_KEY_ENCRYPTION_KEY: keyEncryptionKey(production),
      PORTCULLIS_KEY_ENCRYPTION_KEY_OTHER: keyEncryptionKey(production).optional(),
      PORTCULLIS_SIGNING_ALGORITHM: signingAlgorithm.default('ES256'),
      PORTCULLIS_KEY_ROTATION_DAYS: integer({ min: 1, max: 365 }).default(30),
      PORTCULLIS_AUDIENCES: z
        .string()
        .transform((value) => value.split(/[\s,]+/).filter((one) => one !== ''))
        .pipe(z.array(z.string().max(256)).min(1, 'names no audience').max(16, 'names too many'))
        .refine((all) => all.includes(OWN_AUDIENCE), `does not contain ${OWN_AUDIENCE}`)
        .default(AUDIENCES),
      PORTCULLIS_ACCESS_TOKEN_SECONDS: integer({ min: 1, max: MAX_TOKEN_SECONDS }).default(600),
      ...sessionFields(),
      PORTCULLIS_MAX_STALENESS_MS: maxStalenessMs,
      PORTCULLIS_DURABLES: durables.default([]),
      PORTCULLIS_REQUIRE_VERIFIED_EMAIL: flag.default(production),
      ...mailFields(production),
      ...hashingFields(),
      PORTCULLIS_BREACHED_PASSWORDS_URL: httpUrl({ production }).optional(),
      PORTCULLIS_RATE_LIMIT_SCALE: z
        .string()
        .regex(/^\d{1,9}(\.\d{1,4})?$/, 'is not a number above 0')
        .transform(Number)
        .refine((value) => value > 0, 'is not a number above 0')
        .default(1),
    }),
    env,
  );
  return {
    production,
    logLevel: fields.LOG_LEVEL,
    listen: { host: fields.HOST, port: fields.PORT },
    trustedProxies: fields.PORTCULLIS_TRUSTED_PROXIES,
    drainDelayMs: fields.PORTCULLIS_DRAIN_DELAY_MS,
    cookies: cookieSettings(fields),
    issuer: fields.PORTCULLIS_ISSUER,
    publicUrls: [
      ...new Set([fields.PORTCULLIS_ISSUER.replace(/\/+$/, ''), ...publicUrlsOf(fields)]),
    ],
    prefix: fields.PORTCULLIS_PREFIX,
    audiences: fields.PORTCULLIS_AUDIENCES,
    accessTokenSeconds: fields.PORTCULLIS_ACCESS_TOKEN_SECONDS,
    sessionLimits: sessionLimitsOf(fields),
    maxStalenessMs: fields.PORTCULLIS_MAX_STALENESS_MS,
    durables: fields.PORTCULLIS_DURABLES,
    requireVerifiedEmail: fields.PORTCULLIS_REQUIRE_VERIFIED_EMAIL,
    signing: {
      algorithm: fields.PORTCULLIS_SIGNING_ALGORITHM,
      rotationDays: fields.PORTCULLIS_KEY_ROTATION_DAYS,
    },
    rateLimitScale: fields.PORTCULLIS_RATE_LIMIT_SCALE,
    publicUrl: (fields.PORTCULLIS_PUBLIC_URL ?? fields.PORTCULLIS_ISSUER).replace(/\/+$/, ''),
    argon2: fields.PORTCULLIS_ARGON2,
    breachedPasswordsUrl: fields.PORTCULLIS_BREACHED_PASSWORDS_URL ?? null,
    mail: mailOf(fields, production),
    secrets: {
      databaseUrl: fields.DATABASE_URL,
      natsUrl: fields.NATS_URL,
      smtpUrl: fields.PORTCULLIS_SMTP_URL ?? null,
      redisUrl: fields.REDIS_URL,
      keyEncryptionKey: fields.PORTCULLIS_KEY_ENCRYPTION_KEY,
      otherKeyEncryptionKey: fields.PORTCULLIS_KEY_ENCRYPTION_KEY_OTHER ?? null,
      administrator: administratorOf(fields),
    },
  };
}

function hashingFields() {
  return { PORTCULLIS_ARGON2: argon2Parameters.default(DEFAULT_ARGON2) };
}

const { idleSeconds, absoluteSeconds, most } = DEFAULT_SESSION_LIMITS;
const YEAR_S = 365 * 24 * 3600;

function sessionFields() {
  return {
    // Shorter, and somebody who reads a page is logged out over it.
    PORTCULLIS_SESSION_IDLE_SECONDS: integer({ min: 60, max: YEAR_S }).default(idleSeconds),
    PORTCULLIS_SESSION_SECONDS: integer({ min: 60, max: YEAR_S }).default(absoluteSeconds),
    PORTCULLIS_MAX_SESSIONS: integer({ min: 1, max: 1_000 }).default(most),
  };
}

function sessionLimitsOf(fields: {
  PORTCULLIS_SESSION_IDLE_SECONDS: number;
  PORTCULLIS_SESSION_SECONDS: number;
  PORTCULLIS_MAX_SESSIONS: number;
}): SessionLimits {
  const limits = {
    idleSeconds: fields.PORTCULLIS_SESSION_IDLE_SECONDS,
    absoluteSeconds: fields.PORTCULLIS_SESSION_SECONDS,
    most: fields.PORTCULLIS_MAX_SESSIONS,
  };
  if (limits.idleSeconds > limits.absoluteSeconds) {
    throw new ConfigurationError([
      'PORTCULLIS_SESSION_IDLE_SECONDS: is longer than PORTCULLIS_SESSION_SECONDS',
    ]);
  }
  return limits;
}

/** How mails leave. The address of the server may hold a password, and stands among the secrets. */
export type MailConfig =
  | { by: 'smtp'; from: string; requireTls: boolean }
  | { by: 'folder'; from: string; folder: string }
  | { by: 'nobody' };

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

function mailFields(production: boolean) {
  return {
    PORTCULLIS_PUBLIC_URL: httpUrl({ production }).optional(),
    PORTCULLIS_SMTP_URL: z
      .string()
      .max(2048, 'is too long')
      .refine(
        (value) => URL.canParse(value) && /^smtps?:$/.test(new URL(value).protocol),
        'is not an smtp:// or smtps:// address',
      )
      .optional(),
    PORTCULLIS_MAIL_FROM: emailAddress.optional(),
    PORTCULLIS_MAIL_FOLDER: z
      .string()
      .max(4096, 'is too long')
      .refine(() => !production, 'is for development: the files hold links that work')
      .optional(),
    PORTCULLIS_SEND_NO_MAIL_AND_RECOVER_NO_ACCOUNT: flag.default(!production),
  };
}

function mailOf(
  fields: {
    PORTCULLIS_SMTP_URL?: string | undefined;
    PORTCULLIS_MAIL_FROM?: string | undefined;
    PORTCULLIS_MAIL_FOLDER?: string | undefined;
    PORTCULLIS_SEND_NO_MAIL_AND_RECOVER_NO_ACCOUNT: boolean;
  },
  production: boolean,
): MailConfig {
  const { PORTCULLIS_SMTP_URL: smtp, PORTCULLIS_MAIL_FOLDER: folder } = fields;
  const from = fields.PORTCULLIS_MAIL_FROM;
  if (smtp !== undefined) {
    if (from === undefined) throw new ConfigurationError(['PORTCULLIS_MAIL_FROM: is missing']);
    const local = LOOPBACK.has(new URL(smtp).hostname);
    return { by: 'smtp', from, requireTls: production && !local };
  }
  if (folder !== undefined) return { by: 'folder', folder, from: from ?? 'portcullis@localhost' };
  if (fields.PORTCULLIS_SEND_NO_MAIL_AND_RECOVER_NO_ACCOUNT) return { by: 'nobody' };
  throw new ConfigurationError([
    'PORTCULLIS_SMTP_URL: is missing; to run without mail, and so without recovery of accounts, ' +
      'set PORTCULLIS_SEND_NO_MAIL_AND_RECOVER_NO_ACCOUNT=true',
  ]);
}

function keyEncryptionKey(production: boolean) {
  return secret({ production, minLength: 43 }).pipe(
    z
      .string()
      .regex(/^[A-Za-z0-9_-]{43}=?$/, `is not ${KEY_BYTES} bytes in base64url`)
      .transform((value) => Buffer.from(value, 'base64url')),
  );
}

/** For commands that need the database and nothing else. */
export function readDatabaseConfig(env: Environment = process.env): { databaseUrl: string } {
  const schema = z.object({ DATABASE_URL: databaseUrl({ production: isProduction(env) }) });
  return { databaseUrl: readConfig(schema, env).DATABASE_URL };
}

/** For the command that compares the audit trail with what was published of it. */
export function readVerifyAuditConfig(env: Environment = process.env) {
  const { NATS_URL, PORTCULLIS_PREFIX } = serviceFields({
    production: isProduction(env),
    port: 4000,
  });
  const fields = readConfig(z.object({ NATS_URL, PORTCULLIS_PREFIX }), env);
  return {
    ...readDatabaseConfig(env),
    natsUrl: fields.NATS_URL,
    prefix: fields.PORTCULLIS_PREFIX,
  };
}

/** For the command that follows a restored backup. */
export function readAfterRestoreConfig(words: string[], env: Environment = process.env) {
  const production = isProduction(env);
  const fields = readConfig(
    z.object({
      PORTCULLIS_KEY_ENCRYPTION_KEY: keyEncryptionKey(production),
      PORTCULLIS_KEY_ENCRYPTION_KEY_OTHER: keyEncryptionKey(production).optional(),
      PORTCULLIS_SIGNING_ALGORITHM: signingAlgorithm.default('ES256'),
      PORTCULLIS_MAX_STALENESS_MS: maxStalenessMs,
      PORTCULLIS_REQUIRE_VERIFIED_EMAIL: flag.default(production),
    }),
    env,
  );
  return {
    ...readVerifyAuditConfig(env),
    requireVerifiedEmail: fields.PORTCULLIS_REQUIRE_VERIFIED_EMAIL,
    keyEncryptionKey: fields.PORTCULLIS_KEY_ENCRYPTION_KEY,
    otherKeyEncryptionKey: fields.PORTCULLIS_KEY_ENCRYPTION_KEY_OTHER ?? null,
    algorithm: fields.PORTCULLIS_SIGNING_ALGORITHM,
    maxStalenessMs: fields.PORTCULLIS_MAX_STALENESS_MS,
    ...readFlags(words, ['dry-run', 'apply']),
  };
}

export function readBreakGlassConfig(words: string[], env: Environment = process.env) {
  const fields = readConfig(z.object({ PORTCULLIS_MAX_STALENESS_MS: maxStalenessMs }), env);
  readFlags(words, []);
  return { ...readDatabaseConfig(env), maxStalenessMs: fields.PORTCULLIS_MAX_STALENESS_MS };
}

/** @throws ConfigurationError for a word that is none of the flags */
function readFlags<F extends string>(
  words: string[],
  flags: readonly F[],
): { flags: ReadonlySet<F> } {
  const given = new Set<F>();
  for (const word of words) {
    const known = flags.find((one) => word === `--${one}`);
    if (known === undefined) {
      const all = flags.map((one) => `--${one}`).join(' and ') || 'none';
      throw new ConfigurationError([`${word}: is not an option; options: ${all}`]);
    }
    given.add(known);
  }
  return { flags: given };
}

export function readCreateAdminConfig(env: Environment = process.env) {
  const fields = readConfig(
    z.object({ ...administratorFields(isProduction(env)), ...hashingFields() }),
    env,
  );
  const administrator = administratorOf(fields);
  if (administrator === null) {
    throw new ConfigurationError([
      'PORTCULLIS_ADMIN_EMAIL: is missing',
      'PORTCULLIS_ADMIN_PASSWORD: is missing',
    ]);
  }
  return { ...readDatabaseConfig(env), administrator, argon2: fields.PORTCULLIS_ARGON2 };
}

const clientWords = z.object({
  id: clientId,
  name: shownName,
  scope: z
    .string()
    .transform((value) => [...new Set(value.split(' ').filter((one) => one !== ''))])
    .pipe(z.array(permission)),
  audience: z.array(audienceName).min(1).max(16),
});

export function readEnsureClientConfig(words: string[], env: Environment = process.env) {
  const { values } = parseArgs({
    args: words,
    options: {
      id: { type: 'string' },
      name: { type: 'string' },
      scope: { type: 'string' },
      audience: { type: 'string', multiple: true },
    },
  });
  const parsed = clientWords.safeParse(values);
  if (!parsed.success) {
    throw new ConfigurationError(
      parsed.error.issues.map(({ path, message }) => `--${path.join('.')}: ${message}`),
    );
  }
  const { id, name, scope: scopes, audience: audiences } = parsed.data;
  return { ...readDatabaseConfig(env), client: { id, name, scopes, audiences, ...proofOf(env) } };
}

/** What the client proves itself with: a secret, or public keys as a JWK set. One of the two. */
function proofOf(env: Environment) {
  const tooShort = `is shorter than ${MIN_SECRET_LENGTH} characters`;
  const { PORTCULLIS_CLIENT_SECRET: own, PORTCULLIS_CLIENT_JWKS: jwks } = readConfig(
    z.object({
      PORTCULLIS_CLIENT_SECRET: secret({
        production: isProduction(env),
        minLength: MIN_SECRET_LENGTH,
      })
        .pipe(z.string().min(MIN_SECRET_LENGTH, tooShort).max(MAX_SECRET_LENGTH, 'is too long'))
        .optional(),
      PORTCULLIS_CLIENT_JWKS: z.string().max(MAX_JWKS_LENGTH, 'is too long').optional(),
    }),
    env,
  );
  if (own !== undefined && jwks !== undefined) {
    throw new ConfigurationError([
      'PORTCULLIS_CLIENT_JWKS: stands beside PORTCULLIS_CLIENT_SECRET',
    ]);
  }
  if (own !== undefined) return { secret: own };
  if (jwks === undefined) throw new ConfigurationError(['PORTCULLIS_CLIENT_SECRET: is missing']);
  try {
    return { jwks: readClientKeys(JSON.parse(jwks)).set };
  } catch (error) {
    // What is not JSON is quoted in no error: it may be a private key.
    const reason =
      error instanceof SyntaxError || !(error instanceof Error) ? 'is not JSON' : error.message;
    throw new ConfigurationError([`PORTCULLIS_CLIENT_JWKS: ${reason}`]);
  }
}

function administratorFields(production: boolean) {
  return {
    PORTCULLIS_ADMIN_EMAIL: emailAddress.optional(),
    PORTCULLIS_ADMIN_PASSWORD: secret({ production, minLength: 15 }).optional(),
  };
}

function administratorOf(fields: {
  PORTCULLIS_ADMIN_EMAIL?: string | undefined;
  PORTCULLIS_ADMIN_PASSWORD?: string | undefined;
}): Administrator | null {
  const { PORTCULLIS_ADMIN_EMAIL: email, PORTCULLIS_ADMIN_PASSWORD: password } = fields;
  if (email === undefined && password === undefined) return null;
  if (email === undefined) throw new ConfigurationError(['PORTCULLIS_ADMIN_EMAIL: is missing']);
  if (password === undefined) {
    throw new ConfigurationError(['PORTCULLIS_ADMIN_PASSWORD: is missing']);
  }
  return { email, password };
}
