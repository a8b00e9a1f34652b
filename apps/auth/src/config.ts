/**
 * What the service reads of its environment: `config/` has each area of it, and what the commands read.
 * Secrets stand apart, so that nothing prints them.
 */
import {
  cookieSettings,
  flag,
  httpUrl,
  isProduction,
  publicUrlsOf,
  readConfig,
  securedAddress,
  serviceFields,
  type Environment,
} from '@portcullis/service';
import * as z from 'zod';
import { accessSource, readAccess, readBoth } from './config/access.ts';
import { administratorFields, administratorOf } from './config/administrator.ts';
import { durables } from './config/durables.ts';
import { hashingFields, keyFields, maxStalenessMs } from './config/fields.ts';
import { rateLimitScale } from './config/limits.ts';
import { mailFields, mailOf } from './config/mail.ts';
import { pageFields } from './config/pages.ts';
import { NOTHING_DECLARED, services } from './config/services.ts';
import { sessionFields, sessionLimitsOf } from './config/sessions.ts';
import { serverFields } from './config/servers.ts';
import { tokenFields } from './config/tokens.ts';

export type AuthConfig = ReturnType<typeof readAuthConfig>;

function fieldsOf(production: boolean) {
  return z.object({
    ...serviceFields({ production, port: 4000 }),
    ...administratorFields(production),
    ...serverFields(production),
    ...keyFields(production),
    ...tokenFields(),
    ...sessionFields(),
    PORTCULLIS_MAX_STALENESS_MS: maxStalenessMs,
    PORTCULLIS_DURABLES: durables.default([]),
    PORTCULLIS_SERVICES: services.default(NOTHING_DECLARED),
    PORTCULLIS_REQUIRE_VERIFIED_EMAIL: flag.default(production),
    ...mailFields(production),
    ...pageFields(),
    ...hashingFields(),
    PORTCULLIS_BREACHED_PASSWORDS_URL: httpUrl({ production }).optional(),
    PORTCULLIS_RATE_LIMIT_SCALE: rateLimitScale.default(1),
  });
}

/** @throws ConfigurationError that names every variable that is wrong, and repeats no value */
export function readAuthConfig(env: Environment = process.env) {
  const production = isProduction(env);
  const [access, fields] = readBoth(
    () => readAccess(env),
    () => readConfig(fieldsOf(production), env),
  );
  const secured = (name: 'DATABASE_URL' | 'NATS_URL' | 'REDIS_URL', address: string): string =>
    securedAddress(name, address, fields, production);
  return {
    production,
    access,
    accessSource: accessSource(env),
    accessFile: env['PORTCULLIS_CONFIG_FILE'] || null,
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
    services: {
      file: env['PORTCULLIS_SERVICES_FILE'] || null,
      declared: fields.PORTCULLIS_SERVICES,
      always: { audiences: fields.PORTCULLIS_AUDIENCES, durables: fields.PORTCULLIS_DURABLES },
    },
    accessTokenSeconds: fields.PORTCULLIS_ACCESS_TOKEN_SECONDS,
    sessionLimits: sessionLimitsOf(fields),
    maxStalenessMs: fields.PORTCULLIS_MAX_STALENESS_MS,
    requireVerifiedEmail: fields.PORTCULLIS_REQUIRE_VERIFIED_EMAIL,
    signing: {
      algorithm: fields.PORTCULLIS_SIGNING_ALGORITHM,
      rotationDays: fields.PORTCULLIS_KEY_ROTATION_DAYS,
    },
    rateLimitScale: fields.PORTCULLIS_RATE_LIMIT_SCALE,
    publicUrl: (fields.PORTCULLIS_PUBLIC_URL ?? fields.PORTCULLIS_ISSUER).replace(/\/+$/, ''),
    pages: {
      style: fields.PORTCULLIS_PAGES_STYLE ?? '',
      logo: fields.PORTCULLIS_PAGES_LOGO ?? null,
    },
    argon2: fields.PORTCULLIS_ARGON2,
    breachedPasswordsUrl: fields.PORTCULLIS_BREACHED_PASSWORDS_URL ?? null,
    mail: mailOf(fields, production),
    secrets: {
      databaseUrl: secured('DATABASE_URL', fields.DATABASE_URL),
      natsUrl: secured('NATS_URL', fields.NATS_URL),
      smtpUrl: fields.PORTCULLIS_SMTP_URL ?? null,
      redisUrl: secured('REDIS_URL', fields.REDIS_URL),
      keyEncryptionKey: fields.PORTCULLIS_KEY_ENCRYPTION_KEY,
      otherKeyEncryptionKey: fields.PORTCULLIS_KEY_ENCRYPTION_KEY_OTHER ?? null,
      administrator: administratorOf(fields),
    },
  };
}
