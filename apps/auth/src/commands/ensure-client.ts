import { ensureClient } from '../client/ensure-client.ts';
import { readEnsureClientConfig } from '../config.ts';
import { changeOffline } from './change-offline.ts';
import { runCommand } from './run-command.ts';

await runCommand('ensure-client', async () => {
  const { databaseUrl, client } = readEnsureClientConfig(process.argv.slice(2));
  const outcome = await changeOffline(databaseUrl, (_, makeChange) =>
    ensureClient(makeChange, client),
  );
  return `${client.id} ${outcome}`;
});
