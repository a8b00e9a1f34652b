import { requireSchema } from '@portcullis/service/postgres';
import { connectPostgres, type PostgresConnection } from '../database/database.ts';
import { schemaOf } from '../database/migrations.ts';
import { createMakeChange, type MakeChange } from '../change/change.ts';
import { MAX_TOKEN_SECONDS, TOKEN_MARGIN_SECONDS } from '../timing/lifetimes.ts';

/** Changes from a command: what they revoke and announce is published by a running instance. */
export async function changeOffline<T>(
  databaseUrl: string,
  work: (database: PostgresConnection['database'], makeChange: MakeChange) => Promise<T>,
): Promise<T> {
  await using postgres = connectPostgres(databaseUrl, 'portcullis-auth-command');
  const { database } = postgres;
  await requireSchema(schemaOf(postgres.sql));
  const makeChange = createMakeChange({
    database,
    entryLifeSeconds: MAX_TOKEN_SECONDS + TOKEN_MARGIN_SECONDS,
    committed: () => undefined,
  });
  return await work(database, makeChange);
}
