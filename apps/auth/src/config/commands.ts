/** What the commands read, of the environment and of their words. Repeats no value that is wrong. */
import { audienceName, clientId, scopesOfClient, shownName } from '@portcullis/contracts/schemas';
import {
  ConfigurationError,
  databaseUrl,
  flag,
  isProduction,
  readConfig,
  secret,
  securedAddress,
  serviceFields,
  tlsFields,
  type Environment,
} from '@portcullis/service';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { readClientKeys } from '../client/client-keys.ts';
import { problemOfRedirectUri } from '../client/redirect-uri.ts';
import { MAX_SECRET_LENGTH, MIN_SECRET_LENGTH } from '../client/secret-hash.ts';
import { emailKey } from '../users/email-key.ts';
import { accessSource, readAccess } from './access.ts';
import { administratorFields, administratorOf } from './administrator.ts';
import { hashingFields, keyFields, maxStalenessMs } from './fields.ts';

/** Characters. */
const MAX_JWKS_LENGTH = 32_768;

/** For commands that need the database and nothing else. */
export function readDatabaseConfig(env: Environment = process.env): { databaseUrl: string } {
  const production = isProduction(env);
  const schema = z.object({
    DATABASE_URL: databaseUrl({ production }),
    ...tlsFields({ production }),
  });
  const fields = readConfig(schema, env);
  return {
    databaseUrl: securedAddress('DATABASE_URL', fields.DATABASE_URL, fields, production),
  };
}

/** For the command that compares the audit trail with what was published of it. */
export function readVerifyAuditConfig(env: Environment = process.env) {
  const production = isProduction(env);
  const { NATS_URL, PORTCULLIS_PREFIX } = serviceFields({ production, port: 4000 });
  const fields = readConfig(
    z.object({ NATS_URL, PORTCULLIS_PREFIX, ...tlsFields({ production }) }),
    env,
  );
  return {
    ...readDatabaseConfig(env),
    natsUrl: securedAddress('NATS_URL', fields.NATS_URL, fields, production),
    prefix: fields.PORTCULLIS_PREFIX,
  };
}

/** For the command that follows a restored backup. */
export function readAfterRestoreConfig(words: string[], env: Environment = process.env) {
  const production = isProduction(env);
  const fields = readConfig(
    z.object({
      ...keyFields(production),
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
    .pipe(scopesOfClient),
  audience: z.array(audienceName).min(1).max(16),
});

export function readEnsureClientConfig(words: string[], env: Environment = process.env) {
  const parsed = clientWords.safeParse(readClientWords(words));
  if (!parsed.success) {
    throw new ConfigurationError(
      parsed.error.issues.map(({ path, message }) => `--${path.join('.')}: ${message}`),
    );
  }
  const { id, name, scope: scopes, audience: audiences } = parsed.data;
  const client = { id, name, scopes, audiences, ...proofOf(env) };
  return { ...readDatabaseConfig(env), client, access: readAccess(env) };
}

const redirectUri = z.string().superRefine((value, context) => {
  const message = problemOfRedirectUri(value);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});

const applicationWords = clientWords.pick({ id: true, name: true }).extend({
  'redirect-uri': z
    .array(redirectUri)
    .max(32)
    .transform((uris) => [...new Set(uris)]),
});

/** For the command that makes an application, and says where its users may go back to. */
export function readEnsureApplicationConfig(words: string[], env: Environment = process.env) {
  const given = readWords(words, { id: ONE, name: ONE, 'redirect-uri': SEVERAL });
  const parsed = applicationWords.safeParse({ 'redirect-uri': [], ...given });
  if (!parsed.success) {
    throw new ConfigurationError(
      parsed.error.issues.map(({ path, message }) => `--${path.join('.')}: ${message}`),
    );
  }
  const { id, name, 'redirect-uri': redirectUris } = parsed.data;
  return { ...readDatabaseConfig(env), application: { id, name, redirectUris } };
}

/** For the command that makes a configuration count, and waits until it is enforced. */
export function readApplyConfigConfig(words: string[], env: Environment = process.env) {
  readFlags(words, []);
  return { ...readDatabaseConfig(env), access: readAccess(env), source: accessSource(env) };
}

export function readDisableClientConfig(words: string[], env: Environment = process.env) {
  const parsed = clientWords.pick({ id: true }).safeParse(readClientWords(words));
  if (!parsed.success) {
    throw new ConfigurationError(parsed.error.issues.map(({ message }) => `--id: ${message}`));
  }
  return { ...readDatabaseConfig(env), id: parsed.data.id };
}

export function readResetFactorsConfig(words: string[], env: Environment = process.env) {
  const { email } = readWords(words, { email: ONE });
  const key = typeof email === 'string' ? emailKey(email) : null;
  if (key === null) throw new ConfigurationError(['--email: expected one plain e-mail address']);
  return { ...readDatabaseConfig(env), key };
}

const ONE = { type: 'string' } as const;
const SEVERAL = { type: 'string', multiple: true } as const;

function readClientWords(words: string[]) {
  return readWords(words, { id: ONE, name: ONE, scope: ONE, audience: SEVERAL });
}

/** @throws ConfigurationError for other words, of which one may be a secret */
function readWords(words: string[], options: Record<string, typeof ONE | typeof SEVERAL>) {
  try {
    return parseArgs({ args: words, options }).values;
  } catch {
    const names = Object.keys(options).map((name) => `--${name}`);
    throw new ConfigurationError([
      `the words are not as they may be, each with a value: ${names.join(', ')}`,
    ]);
  }
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
