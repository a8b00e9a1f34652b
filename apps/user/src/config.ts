/** The only file here that reads the environment. */
import {
  authUrl,
  clientFields,
  databaseUrl,
  isProduction,
  readConfig,
  serviceFields,
  verifiedServiceConfig,
  verifiedServiceFields,
} from '@portcullis/service';
import * as z from 'zod';

const DEFAULT_PORT = 4001;
const DEFAULT_AUDIENCE = 'urn:portcullis:user';

export function readUserConfig(env = process.env) {
  const production = isProduction(env);
  const fields = z.object({
    ...serviceFields({ production, port: DEFAULT_PORT }),
    DATABASE_URL: databaseUrl({ production }),
    ...verifiedServiceFields({ production, audience: DEFAULT_AUDIENCE }),
  });
  const read = readConfig(fields, env);
  return { ...verifiedServiceConfig(production, read), databaseUrl: read.DATABASE_URL };
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
      PORTCULLIS_AUTH_URL: authUrl,
      ...clientFields({ production }),
    }),
    env,
  );
  return {
    databaseUrl: read.DATABASE_URL,
    authUrl: read.PORTCULLIS_AUTH_URL,
    client: { clientId: read.PORTCULLIS_CLIENT_ID, clientSecret: read.PORTCULLIS_CLIENT_SECRET },
  };
}
