import { readDatabaseConfig } from '../config/commands.ts';
import { changeEpoch } from '../revocation/change-epoch.ts';
import { changeOffline } from './change-offline.ts';
import { runCommand } from './run-command.ts';

await runCommand('change-epoch', async () => {
  const { from, to } = await changeOffline(readDatabaseConfig().databaseUrl, (_, withChange) =>
    changeEpoch(withChange),
  );
  return `the log has the epoch ${to} instead of ${from}; every verifier starts over`;
});
