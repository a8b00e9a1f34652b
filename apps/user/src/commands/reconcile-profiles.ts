/** `node apps/user/dist/commands/reconcile-profiles.js`; see docs/operations.md. */
import { createMachineClient, isPortcullisError } from '@portcullis/client';
import { ConfigurationError, describeError, securedFetch } from '@portcullis/service';
import { readReconciliationConfig } from '../config.ts';
import { openDatabase } from '../postgres/database.ts';
import { postgresProfiles } from '../postgres/postgres-profiles.ts';
import { reconcileProfiles } from '../profile/reconcile-profiles.ts';

/** The client of the service itself may not list accounts. */
const CLIENT =
  'Set PORTCULLIS_CLIENT_ID and PORTCULLIS_CLIENT_SECRET to those of a client with the scopes users:read and users:rename, ' +
  'which ensure-client of auth makes; see "Upgrading" in docs/operations.md.';
const FIXES: Readonly<Record<string, string>> = {
  insufficient_scope: CLIENT,
  invalid_client: CLIENT,
  network: 'Auth has to run, at PORTCULLIS_AUTH_URL.',
};

try {
  const { databaseUrl, authUrl, client, tlsFiles } = readReconciliationConfig();
  await using database = openDatabase(databaseUrl);
  const done = await reconcileProfiles(
    postgresProfiles(database.db),
    createMachineClient({ authUrl, ...client, fetch: securedFetch(tlsFiles) }),
  );
  process.stdout.write(
    `user: ${done.addresses} addresses and ${done.names} names reconciled\n` +
      done.withoutAccount.map((id) => `user: ${id} has no account at auth\n`).join('') +
      done.refusedNames.map((id) => `user: auth did not take the name of ${id}\n`).join(''),
  );
} catch (error) {
  process.stderr.write(`user: cannot reconcile: ${detailOf(error)}\n`);
  process.exitCode = 1;
}

function detailOf(error: unknown): string {
  if (error instanceof ConfigurationError) return error.message;
  if (!isPortcullisError(error)) return JSON.stringify(describeError(error));
  return `${error.code}: ${error.message} ${FIXES[error.code] ?? ''}`;
}
