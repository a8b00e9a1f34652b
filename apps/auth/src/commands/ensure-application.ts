import { ensureApplication } from '../client/ensure-application.ts';
import { UnusableClient } from '../client/ensure-client.ts';
import { readEnsureApplicationConfig } from '../config/commands.ts';
import { changeOffline } from './change-offline.ts';
import { CommandFailed, runCommand } from './run-command.ts';

await runCommand('ensure-application', async () => {
  const { databaseUrl, application } = readEnsureApplicationConfig(process.argv.slice(2));
  const outcome = await changeOffline(databaseUrl, (_, withChange) =>
    ensureApplication(withChange, application),
  ).catch((error: unknown) => {
    if (error instanceof UnusableClient) throw new CommandFailed(error.message, { cause: error });
    throw error;
  });
  return `${application.id} ${outcome}`;
});
