/** `node apps/user/dist/commands/migrate.js`, with DATABASE_URL. */
import { reasonOfFault } from '@portcullis/api';
import { ConfigurationError, describeError } from '@portcullis/service';
import { MigrationFailed } from '@portcullis/service/postgres';
import { readMigrationConfig } from '../config.ts';
import { migrateDatabase } from '../postgres/migrate.ts';

try {
  await migrateDatabase(readMigrationConfig().databaseUrl, (migration) =>
    process.stdout.write(`user: applying ${migration}\n`),
  );
  process.stdout.write('user: the database is up to date\n');
} catch (error) {
  process.stderr.write(`user: cannot migrate: ${detailOf(error)}\n`);
  process.exitCode = 1;
}

function detailOf(error: unknown): string {
  if (error instanceof ConfigurationError || error instanceof MigrationFailed) return error.message;
  const reason = reasonOfFault(error);
  if (reason !== undefined) return `postgres unavailable: ${reason}`;
  return JSON.stringify(describeError(error));
}
