/** `node apps/user/dist/commands/migrate.js`, with DATABASE_URL. */
import { ConfigurationError, describeError } from '@portcullis/service';
import { readMigrationConfig } from '../config.ts';
import { migrateDatabase } from '../postgres/migrate.ts';

try {
  await migrateDatabase(readMigrationConfig().databaseUrl);
  process.stdout.write('user: the database is up to date\n');
} catch (error) {
  const detail =
    error instanceof ConfigurationError ? error.message : JSON.stringify(describeError(error));
  process.stderr.write(`user: cannot migrate: ${detail}\n`);
  process.exitCode = 1;
}
