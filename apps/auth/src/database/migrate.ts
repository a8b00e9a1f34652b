/** Brings the database to the present schema, and puts in the rows that everything counts on. */
import { FIRST_PARTY_CLIENT, newId } from '@portcullis/contracts';
import { migrateDatabase } from '@portcullis/service/postgres';
import { GENESIS } from './schema/audit.ts';
import { connectPostgres } from './database.ts';
import { MIGRATIONS } from './migrations.ts';
import { auditHead, clients, issuer, logHead } from './schema/index.ts';

const NAME = 'portcullis-auth-migrate';
/** Key of the advisory lock. */
const TURN = 0x70_63_6d_67n;

/** @throws MigrationFailed with the one thing to do next */
export async function migrate(
  databaseUrl: string,
  begun?: (migration: string) => void,
): Promise<void> {
  await migrateDatabase(databaseUrl, {
    folder: MIGRATIONS,
    applicationName: NAME,
    turn: TURN,
    ...(begun && { begun }),
  });
  await using postgres = connectPostgres(databaseUrl, NAME, 1);
  const { database } = postgres;
  await database
    .insert(logHead)
    .values({ epoch: newId('epo') })
    .onConflictDoNothing();
  await database.insert(auditHead).values({ hash: GENESIS }).onConflictDoNothing();
  await database.insert(issuer).values({ id: 1 }).onConflictDoNothing();
  await database
    .insert(clients)
    .values({ id: FIRST_PARTY_CLIENT, name: 'First party' })
    .onConflictDoNothing();
}
