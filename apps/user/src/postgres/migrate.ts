/** Brings the database to the present schema. */
import { fileURLToPath } from 'node:url';
import { drizzle } from 'drizzle-orm/postgres-js';
import { migrate } from 'drizzle-orm/postgres-js/migrator';
import postgres from 'postgres';

/** Beside `src` and `dist` alike. */
const MIGRATIONS = fileURLToPath(new URL('../../migrations', import.meta.url));
const LOCK = 'portcullis-user migrations';
/** Seconds. */
const CONNECT_TIMEOUT = 10;

/** Safe to run from several places at once: one migrates, the others wait and find it done. */
export async function migrateDatabase(url: string): Promise<void> {
  const client = postgres(url, {
    // One connection: the lock belongs to its session, and so do the migrations.
    max: 1,
    connect_timeout: CONNECT_TIMEOUT,
    onnotice: () => undefined,
    connection: { application_name: 'portcullis-user-migrate' },
  });
  try {
    await client`select pg_advisory_lock(hashtextextended(${LOCK}, 0))`;
    await migrate(drizzle(client), { migrationsFolder: MIGRATIONS });
    await client`select pg_advisory_unlock(hashtextextended(${LOCK}, 0))`;
  } finally {
    await client.end({ timeout: CONNECT_TIMEOUT });
  }
}
