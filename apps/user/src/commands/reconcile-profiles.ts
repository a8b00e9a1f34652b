/** `node apps/user/dist/commands/reconcile-profiles.js`; see docs/operations.md. */
import { createMachineClient } from '@portcullis/client';
import { ConfigurationError, describeError } from '@portcullis/service';
import { readReconciliationConfig } from '../config.ts';
import { openDatabase } from '../postgres/database.ts';
import { postgresProfiles } from '../postgres/postgres-profiles.ts';
import { reconcileProfiles } from '../profile/reconcile-profiles.ts';

try {
  const { databaseUrl, authUrl, client } = readReconciliationConfig();
  await using database = openDatabase(databaseUrl);
  const done = await reconcileProfiles(
    postgresProfiles(database.db),
    createMachineClient({ authUrl, ...client }),
  );
  process.stdout.write(
    `user: ${done.addresses} addresses and ${done.names} names reconciled\n` +
      done.withoutAccount.map((id) => `user: ${id} has no account at auth\n`).join('') +
      done.refusedNames.map((id) => `user: auth did not take the name of ${id}\n`).join(''),
  );
} catch (error) {
  const detail =
    error instanceof ConfigurationError ? error.message : JSON.stringify(describeError(error));
  process.stderr.write(`user: cannot reconcile: ${detail}\n`);
  process.exitCode = 1;
}
