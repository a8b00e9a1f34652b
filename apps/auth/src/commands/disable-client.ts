import { disableByOperator } from '../client/disable-by-operator.ts';
import { UnusableClient } from '../client/ensure-client.ts';
import { readDisableClientConfig } from '../config/commands.ts';
import { changeOffline } from './change-offline.ts';
import { receiptOf } from './receipt-of.ts';
import { CommandFailed, runCommand } from './run-command.ts';

await runCommand('disable-client', async () => {
  const { databaseUrl, id } = readDisableClientConfig(process.argv.slice(2));
  const revoked = await changeOffline(databaseUrl, (_, withChange) =>
    disableByOperator(withChange, id),
  ).catch((error: unknown) => {
    if (error instanceof UnusableClient) throw new CommandFailed(error.message, { cause: error });
    throw error;
  });
  if (revoked.length === 0) return `${id} was disabled already, or there is none`;
  const receipt = JSON.stringify(await receiptOf(databaseUrl, revoked));
  return `${id} is disabled: ${receipt}`;
});
