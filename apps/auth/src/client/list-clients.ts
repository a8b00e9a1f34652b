import type { Administration } from '@portcullis/api';
import { asc, gt } from 'drizzle-orm';
import type { Database } from '../database/database.ts';
import { clients } from '../database/schema/index.ts';
import { clientOfRow } from './client-of-row.ts';

/** Pages in the order of the ids. Disabled clients stay in the list: their ids are taken. */
export function createListClients(database: Database): Administration['clients']['list'] {
  return async (_call, { cursor, limit }) => {
    const rows = await database
      .select()
      .from(clients)
      .where(cursor === undefined ? undefined : gt(clients.id, cursor))
      .orderBy(asc(clients.id))
      .limit(limit + 1);
    const page = rows.slice(0, limit).map(clientOfRow);
    return {
      clients: page,
      next_cursor: rows.length > limit ? (page.at(-1)?.id ?? null) : null,
    };
  };
}
