import type { Administration } from '@portcullis/api';
import { Refusal } from '@portcullis/contracts';
import { eq } from 'drizzle-orm';
import type { Database } from '../database/database.ts';
import { users } from '../database/schema/index.ts';
import { accountOfRow } from '../users/account-of-row.ts';

export function createGetAccount(database: Database): Administration['accounts']['get'] {
  return async (_call, { user_id: id }) => {
    const [row] = await database.select().from(users).where(eq(users.id, id));
    if (row === undefined) throw new Refusal('not_found');
    return accountOfRow(row);
  };
}
