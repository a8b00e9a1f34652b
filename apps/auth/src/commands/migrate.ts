import { readDatabaseConfig } from '../config/commands.ts';
import { migrate } from '../database/migrate.ts';
import { runCommand } from './run-command.ts';

await runCommand('migrate', async () => {
  await migrate(readDatabaseConfig().databaseUrl, (migration) =>
    process.stdout.write(`migrate: applying ${migration}\n`),
  );
  return 'the database is up to date';
});
