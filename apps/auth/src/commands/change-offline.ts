import { requireSchema } from '@portcullis/service/postgres';
import { connectPostgres, type PostgresConnection } from '../postgres/database.ts';
import { schemaOf } from '../postgres/migrations.ts';
import { createMakeChange, type MakeChange } from '../revocation/change.ts';
import { MAX_TOKEN_SECONDS, TOKEN_MARGIN_SECONDS } from '../token/lifetime.ts';

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
