import { sql } from 'drizzle-orm';
import { check, pgTable, text, timestamp } from 'drizzle-orm/pg-core';

/**
 * A row with `deleted_at` is a tombstone: it keeps a late `registered` from bringing the user back,
 * and holds no personal data.
 */
export const profiles = pgTable(
  'profiles',
  {
    userId: text('user_id').primaryKey(),
    email: text('email'),
    /** When it became the address; null: it is the one that was registered. */
    emailAt: timestamp('email_at', { withTimezone: true }),
    name: text('name'),
    /** When it became the name; null: it is the one that was registered. */
    nameAt: timestamp('name_at', { withTimezone: true }),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull(),
    updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
    deletedAt: timestamp('deleted_at', { withTimezone: true }),
  },
  (table) => [
    check(
      'profiles_tombstone',
      sql`(${table.deletedAt} is null and ${table.email} is not null)
        or (${table.deletedAt} is not null and ${table.email} is null and ${table.name} is null)`,
    ),
  ],
);
