import { accountEvent } from '@portcullis/contracts/schemas';
import type { Sql } from 'postgres';
import type { AccountEventOutbox } from './account-events.ts';

/** Events that are published at once. */
const BATCH = 500;

export function postgresAccountEvents(sql: Sql): AccountEventOutbox {
  return {
    async unpublished() {
      const rows = await sql`
        select event from account_events where published_at is null
        order by occurred_at, id limit ${BATCH}`;
      return rows.map(({ event }) => accountEvent.parse(event));
    },
    async markPublished(ids) {
      await sql`
        update account_events set published_at = clock_timestamp() where id in ${sql(ids)}`;
    },
  };
}
