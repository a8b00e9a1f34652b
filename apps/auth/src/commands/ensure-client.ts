import { ensureClient, UnusableClient } from '../client/ensure-client.ts';
import { readEnsureClientConfig } from '../config/commands.ts';
import { changeOffline } from './change-offline.ts';
import { CommandFailed, runCommand } from './run-command.ts';

await runCommand('ensure-client', async () => {
  const { databaseUrl, client, access } = readEnsureClientConfig(process.argv.slice(2));
  const outcome = await changeOffline(databaseUrl, (_, withChange) =>
    ensureClient(withChange, client, access),
  ).catch((error: unknown) => {
    if (error instanceof UnusableClient) throw new CommandFailed(error.message, { cause: error });
    throw error;
  });
  return `${client.id} ${outcome}`;
});
