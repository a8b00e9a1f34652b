/** The only file here that reads the environment. */
import { databaseUrl, isProduction, readConfig, serviceFields } from '@portcullis/service';
import { z } from 'zod';

const DEFAULT_PORT = 4001;

export function readUserConfig(env = process.env) {
  const production = isProduction(env);
  const read = readConfig(
    z.object({
      ...serviceFields({ production, port: DEFAULT_PORT }),
      DATABASE_URL: databaseUrl({ production }),
      PORTCULLIS_AUDIENCE: z.string().min(1).max(256).default('urn:portcullis:user'),
    }),
    env,
  );
  return {
    production,
    host: read.HOST,
    port: read.PORT,
    logLevel: read.LOG_LEVEL,
    trustedProxies: read.PORTCULLIS_TRUSTED_PROXIES,
    databaseUrl: read.DATABASE_URL,
    natsUrl: read.NATS_URL,
    prefix: read.PORTCULLIS_PREFIX,
    issuer: read.PORTCULLIS_ISSUER,
    audience: read.PORTCULLIS_AUDIENCE,
  };
}
export type UserConfig = ReturnType<typeof readUserConfig>;

/** All that a migration needs. */
export function readMigrationConfig(env = process.env) {
  const fields = { DATABASE_URL: databaseUrl({ production: isProduction(env) }) };
  return { databaseUrl: readConfig(z.object(fields), env).DATABASE_URL };
}
