/** When each job was last done: what decides whether it is due, whatever a queue says. */
import { pgTable, text } from 'drizzle-orm/pg-core';
import { moment } from './moment.ts';

export const jobs = pgTable('jobs', {
  /** As in `jobs/catalogue.ts`; rows of names that are no longer there are harmless. */
  name: text('name').primaryKey(),
  lastSuccessAt: moment('last_success_at').notNull(),
});
