/** What roles carry, by the adopter's configuration. One row; number 0 where nothing was ever declared. */
import type { AccessConfig } from '@portcullis/contracts';
import { sql } from 'drizzle-orm';
import { check, integer, jsonb, pgTable } from 'drizzle-orm/pg-core';
import { moment } from './moment.ts';

export const accessMapping = pgTable(
  'access_mapping',
  {
    id: integer('id').primaryKey().default(1),
    /** Only ever raised. */
    number: integer('number').notNull().default(0),
    /** The whole configuration, parsed on the way out. */
    config: jsonb('config').$type<AccessConfig>().notNull(),
    /** The commit that made it count, by the clock of the database. */
    changedAt: moment('changed_at')
      .notNull()
      .default(sql`clock_timestamp()`),
  },
  (table) => [check('access_mapping_one_row', sql`${table.id} = 1`)],
);
