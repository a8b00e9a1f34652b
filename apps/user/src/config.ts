/** The only file here that reads the environment. */
import { clientId } from '@portcullis/contracts';
import {
  cookieSettings,
  databaseUrl,
  httpUrl,
  isProduction,
  publicUrlsOf,
  readConfig,
  secret,
  serviceFields,
} from '@portcullis/service';
import { z } from 'zod';

const DEFAULT_PORT = 4001;
/** Characters: 24 random bytes in base64url. */
const MIN_CLIENT_SECRET = 32;

export function readUserConfig(env = process.env) {
  const production = isProduction(env);
  const read = readConfig(
    z.object({
      ...serviceFields({ production, port: DEFAULT_PORT }),
      DATABASE_URL: databaseUrl({ production }),
      /**
       * Where this service reaches the auth service; the issuer's address unless told. Its secret
       * goes there, so that even in development it is https, or this machine.
       */
      PORTCULLIS_AUTH_URL: httpUrl({ production: true }).optional(),
      PORTCULLIS_AUDIENCE: z.string().min(1).max(256).default('urn:portcullis:user'),
      PORTCULLIS_CLIENT_ID: clientId,
      PORTCULLIS_CLIENT_SECRET: secret({ production, minLength: MIN_CLIENT_SECRET }),
    }),
    env,
  );
  return {
    production,
    host: read.HOST,
    port: read.PORT,
    logLevel: read.LOG_LEVEL,
    publicUrls: publicUrlsOf(read),
    trustedProxies: read.PORTCULLIS_TRUSTED_PROXIES,
    drainDelayMs: read.PORTCULLIS_DRAIN_DELAY_MS,
    cookies: cookieSettings(read),
    databaseUrl: read.DATABASE_URL,
    natsUrl: read.NATS_URL,
    prefix: read.PORTCULLIS_PREFIX,
    issuer: read.PORTCULLIS_ISSUER,
    audience: read.PORTCULLIS_AUDIENCE,
    authUrl: read.PORTCULLIS_AUTH_URL ?? read.PORTCULLIS_ISSUER,
    client: { clientId: read.PORTCULLIS_CLIENT_ID, clientSecret: read.PORTCULLIS_CLIENT_SECRET },
  };
}
export type UserConfig = ReturnType<typeof readUserConfig>;

/** All that a migration needs. */
export function readMigrationConfig(env = process.env) {
  const fields = { DATABASE_URL: databaseUrl({ production: isProduction(env) }) };
  return { databaseUrl: readConfig(z.object(fields), env).DATABASE_URL };
}

/** All that the reconciliation needs. The client has the scopes `users:read users:rename`. */
export function readReconciliationConfig(env = process.env) {
  const production = isProduction(env);
  const read = readConfig(
    z.object({
      DATABASE_URL: databaseUrl({ production }),
      PORTCULLIS_AUTH_URL: httpUrl({ production: true }),
      PORTCULLIS_CLIENT_ID: clientId,
      PORTCULLIS_CLIENT_SECRET: secret({ production, minLength: MIN_CLIENT_SECRET }),
    }),
    env,
  );
  return {
    databaseUrl: read.DATABASE_URL,
    authUrl: read.PORTCULLIS_AUTH_URL,
    client: { clientId: read.PORTCULLIS_CLIENT_ID, clientSecret: read.PORTCULLIS_CLIENT_SECRET },
  };
}
