import { readResetFactorsConfig } from '../config/commands.ts';
import { NothingToReset, resetFactorsByOperator } from '../factor/reset-by-operator.ts';
import { changeOffline } from './change-offline.ts';
import { receiptOf } from './receipt-of.ts';
import { CommandFailed, runCommand } from './run-command.ts';

await runCommand('reset-factors', async () => {
  const { databaseUrl, key } = readResetFactorsConfig(process.argv.slice(2));
  const revoked = await changeOffline(databaseUrl, (_, withChange) =>
    resetFactorsByOperator(withChange, key),
  ).catch((error: unknown) => {
    if (error instanceof NothingToReset) throw new CommandFailed(error.message, { cause: error });
    throw error;
  });
  return `the account logs in by its password alone: ${JSON.stringify(await receiptOf(databaseUrl, revoked))}`;
});
