/** What the service reads of its environment; `config/` has what commands read. Secrets stand apart, so that nothing prints them. */
import { EVENT_STREAMS, serviceName } from '@portcullis/contracts';
import {
  cookieSettings,
  databaseUrl,
  flag,
  httpUrl,
  integer,
  isProduction,
  publicUrlsOf,
  readConfig,
  serviceFields,
  type Environment,
} from '@portcullis/service';
import { z } from 'zod';
import { administratorFields, administratorOf } from './config/administrator.ts';
import { hashingFields, keyEncryptionKey, maxStalenessMs } from './config/fields.ts';
import { mailFields, mailOf } from './config/mail.ts';
import { sessionFields, sessionLimitsOf } from './config/sessions.ts';
import { signingAlgorithm } from './keys/signing-key.ts';
import { MAX_TOKEN_SECONDS } from './timing/lifetimes.ts';

export const OWN_AUDIENCE = 'urn:portcullis:auth';
const AUDIENCES = [OWN_AUDIENCE, 'urn:portcullis:user', 'urn:portcullis:admin'];

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
