/** What administrators do to accounts, a verb for each operation of the list in `@portcullis/api`. */
import type { Administration } from '@portcullis/api';
import type { Database } from '../database/database.ts';
import { createDisable, type RemovalDependencies } from './disable.ts';
import { createEnable } from './enable.ts';
import { createGetAccount } from './get-account.ts';
import { createListAccounts } from './list-accounts.ts';
import { createLogUserOut, type LogUserOutDependencies } from './log-user-out.ts';
import { createRemove } from './remove.ts';
import { createSetRoles } from './set-roles.ts';

export interface AccountsDependencies extends RemovalDependencies, LogUserOutDependencies {
  database: Database;
}

export function administerAccounts(dependencies: AccountsDependencies): Administration['accounts'] {
  const { database } = dependencies;
  return {
    list: createListAccounts(database),
    get: createGetAccount(database),
    disable: createDisable(dependencies),
    enable: createEnable(dependencies),
    remove: createRemove(dependencies),
    setRoles: createSetRoles(dependencies),
    logout: createLogUserOut(dependencies),
  };
}
