import { requireSchema } from '@portcullis/service/postgres';
import { connectPostgres, type PostgresConnection } from '../database/database.ts';
import { schemaOf } from '../database/migrations.ts';
import { createUnitOfWork, type WithChange } from '../change/unit-of-work.ts';
import { MAX_TOKEN_SECONDS, TOKEN_MARGIN_SECONDS } from '../timing/lifetimes.ts';

/** Changes from a command: what they revoke and announce is published by a running instance. */
export async function changeOffline<T>(
  databaseUrl: string,
  work: (database: PostgresConnection['database'], withChange: WithChange) => Promise<T>,
): Promise<T> {
  await using postgres = connectPostgres(databaseUrl, 'portcullis-auth-command');
  const { database } = postgres;
  await requireSchema(schemaOf(postgres.sql));
  const { withChange } = createUnitOfWork({
    database,
    entryLifeSeconds: MAX_TOKEN_SECONDS + TOKEN_MARGIN_SECONDS,
    committed: () => undefined,
  });
  return await work(database, withChange);
}
