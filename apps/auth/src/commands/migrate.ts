import { readDatabaseConfig } from '../config.ts';
import { migrate } from '../postgres/migrate.ts';
import { runCommand } from './run-command.ts';

await runCommand('migrate', async () => {
  await migrate(readDatabaseConfig().databaseUrl);
  return 'the database is up to date';
});
