/** What administrators do to machine clients, a verb for each operation of the list in `@portcullis/api`. */
import type { Administration } from '@portcullis/api';
import type { Database } from '../database/database.ts';
import { createClientCreation } from './create-client.ts';
import { createDisableClient } from './disable-client.ts';
import { createListClients } from './list-clients.ts';
import { createRotateClient, type ClientChangeDependencies } from './rotate-client.ts';

export interface ClientsDependencies extends ClientChangeDependencies {
  database: Database;
}

export function administerClients(dependencies: ClientsDependencies): Administration['clients'] {
  return {
    list: createListClients(dependencies.database),
    create: createClientCreation(dependencies),
    rotate: createRotateClient(dependencies),
    disable: createDisableClient(dependencies),
  };
}
