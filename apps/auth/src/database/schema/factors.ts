/** What users log in with beside the password: see factor/. No secret stands here in plain. */
import type { UserId } from '@portcullis/contracts';
import { sql } from 'drizzle-orm';
import { bigint, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { bytea } from './bytea.ts';
import { moment } from './moment.ts';

/** One for each account that has an authenticator app, or is about to. */
export const totpFactors = pgTable('totp_factors', {
  /** No foreign key: a dump of before, put over this database, has to be able to drop `users`. */
  userId: text('user_id').$type<UserId>().primaryKey(),
  /** Sealed under the key-encryption key, for this user. */
  sealedSecret: bytea('sealed_secret').notNull(),
  createdAt: moment('created_at')
    .notNull()
    .default(sql`clock_timestamp()`),
  /** Null while the owner has not shown a code of it: it is asked for at no login. */
  confirmedAt: moment('confirmed_at'),
  /** Codes by which it was to be confirmed. */
  attempts: integer('attempts').notNull().default(0),
  /** The step of time whose code was used last: that code and those before it are good no more. */
  lastStep: bigint('last_step', { mode: 'number' }).notNull().default(0),
});

export const recoveryCodes = pgTable(
  'recovery_codes',
  {
    /** No foreign key, as above. */
    userId: text('user_id').$type<UserId>().notNull(),
    /** SHA-256 of a code of 120 random bits, for which a slow hash would add nothing. */
    codeHash: bytea('code_hash').notNull(),
    createdAt: moment('created_at')
      .notNull()
      .default(sql`clock_timestamp()`),
    usedAt: moment('used_at'),
  },
  (table) => [primaryKey({ columns: [table.userId, table.codeHash] })],
);
