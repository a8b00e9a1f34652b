import { ConfigurationError } from '@portcullis/service';
import { createAdministrator, UnusableAdministrator } from '../account/create-administrator.ts';
import { createPasswordHasher } from '../password/password-hasher.ts';
import { readCreateAdminConfig } from '../config/commands.ts';
import { changeOffline } from './change-offline.ts';
import { runCommand } from './run-command.ts';

await runCommand('create-admin', async () => {
  const { databaseUrl, administrator, argon2 } = readCreateAdminConfig();
  await using hasher = createPasswordHasher(argon2);
  const outcome = await changeOffline(databaseUrl, async (database, withChange) => {
    const dependencies = { database, withChange, hasher };
    return await createAdministrator(dependencies, administrator, { onlyFirst: false });
  }).catch((error: unknown) => {
    if (error instanceof UnusableAdministrator) throw new ConfigurationError([error.message]);
    throw error;
  });
  if (outcome === 'taken') {
    throw new ConfigurationError([
      'PORTCULLIS_ADMIN_EMAIL: belongs to an account that is no administrator; ' +
        'let an administrator give it the role',
    ]);
  }
  return outcome === 'created' ? 'the administrator was made' : 'the administrator exists already';
});
