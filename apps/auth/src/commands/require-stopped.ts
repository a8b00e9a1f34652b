import { readDatabaseConfig } from '../config/commands.ts';
import { connectPostgres } from '../database/database.ts';
import { requireStopped } from '../restore/alone.ts';
import { RestoreRefused } from '../restore/refused.ts';
import { CommandFailed, runCommand } from './run-command.ts';

await runCommand('require-stopped', async () => {
  const { databaseUrl } = readDatabaseConfig();
  await using postgres = connectPostgres(databaseUrl, 'portcullis-auth-command', 1);
  await requireStopped(postgres.database).catch((error: unknown) => {
    if (error instanceof RestoreRefused) throw new CommandFailed(error.message, { cause: error });
    throw error;
  });
  return 'no instance of auth is connected to this database';
});
