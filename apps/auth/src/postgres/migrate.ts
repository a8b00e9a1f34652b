/**
 * Brings the database to the present schema, and puts in the rows that everything counts on. Several
 * at once are safe: they take turns, and the later ones find nothing to do.
 */
import { fileURLToPath } from 'node:url';
import { FIRST_PARTY_CLIENT, newId } from '@portcullis/contracts';
import { drizzle } from 'drizzle-orm/postgres-js';
import { migrate as applyMigrations } from 'drizzle-orm/postgres-js/migrator';
import postgres from 'postgres';
import { GENESIS } from '../audit/chain.ts';
import { auditHead, clients, issuer, logHead } from './schema/index.ts';

const MIGRATIONS = fileURLToPath(new URL('../../migrations', import.meta.url));
/** Key of the advisory lock. */
const MIGRATION_LOCK = 0x70_63_6d_67;
/** How long another migration is waited for, in milliseconds. */
const LOCK_TIMEOUT = 120_000;

export async function migrate(databaseUrl: string): Promise<void> {
  const sql = postgres(databaseUrl, {
    max: 1, // the lock belongs to the connection
    connect_timeout: 5,
    onnotice: () => undefined,
    connection: { application_name: 'portcullis-auth-migrate', lock_timeout: LOCK_TIMEOUT },
  });
  try {
    await sql`select pg_advisory_lock(${MIGRATION_LOCK})`;
    const database = drizzle(sql);
    await applyMigrations(database, { migrationsFolder: MIGRATIONS });
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
  } finally {
    await sql.end({ timeout: 5 });
  }
}
