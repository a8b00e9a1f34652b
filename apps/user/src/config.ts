/** The only file here that reads the environment. */
import {
  authUrl,
  clientFields,
  databaseUrl,
  isProduction,
  readConfig,
  securedAddress,
  serviceFields,
  tlsFields,
  tlsFilesOf,
  verifiedServiceConfig,
  verifiedServiceFields,
  type TlsSettings,
} from '@portcullis/service';
import * as z from 'zod';

const DEFAULT_PORT = 4001;
const DEFAULT_AUDIENCE = 'urn:portcullis:user';

const databaseFields = (production: boolean) => ({ DATABASE_URL: databaseUrl({ production }) });

function databaseOf(read: { DATABASE_URL: string } & TlsSettings, production: boolean): string {
  return securedAddress('DATABASE_URL', read.DATABASE_URL, read, production);
}

export function readUserConfig(env = process.env) {
  const production = isProduction(env);
  const fields = z.object({
    ...serviceFields({ production, port: DEFAULT_PORT }),
    ...databaseFields(production),
    ...verifiedServiceFields({ production, audience: DEFAULT_AUDIENCE }),
  });
  const read = readConfig(fields, env);
  return { ...verifiedServiceConfig(production, read), databaseUrl: databaseOf(read, production) };
}
export type UserConfig = ReturnType<typeof readUserConfig>;

/** All that a migration needs. */
export function readMigrationConfig(env = process.env) {
  const production = isProduction(env);
  const fields = z.object({ ...databaseFields(production), ...tlsFields({ production }) });
  return { databaseUrl: databaseOf(readConfig(fields, env), production) };
}

/** All that the reconciliation needs. The client has the scopes `users:read users:rename`. */
export function readReconciliationConfig(env = process.env) {
  const production = isProduction(env);
  const read = readConfig(
    z.object({
      ...databaseFields(production),
      ...tlsFields({ production }),
      PORTCULLIS_AUTH_URL: authUrl,
      ...clientFields({ production }),
    }),
    env,
  );
  return {
    databaseUrl: databaseOf(read, production),
    authUrl: read.PORTCULLIS_AUTH_URL,
    tlsFiles: tlsFilesOf(read),
    client: { clientId: read.PORTCULLIS_CLIENT_ID, clientSecret: read.PORTCULLIS_CLIENT_SECRET },
  };
}
