/** Logins that wait for one more step: see login/challenge.ts. No secret stands here in plain. */
import type { UserId } from '@portcullis/contracts';
import { index, integer, pgTable, text } from 'drizzle-orm/pg-core';
import { bytea } from './bytea.ts';
import { moment } from './moment.ts';

export const loginChallenges = pgTable(
  'login_challenges',
  {
    /** SHA-256 of the token that the client holds. */
    tokenHash: bytea('token_hash').primaryKey(),
    /** No foreign key: a row lives for minutes, and a migration would lock the users for it. */
    userId: text('user_id').$type<UserId>().notNull(),
    /** The account's, when the step before was checked. */
    generation: integer('generation').notNull(),
    /** The client's, as attempts are counted for it (limits/network.ts). */
    network: text('network').notNull(),
    /** Thumbprint of the key that the client proved (RFC 9449); null: none. */
    dpopJkt: text('dpop_jkt'),
    /** What has been proved so far (RFC 8176). */
    amr: text('amr').array().notNull(),
    /** The steps of which one will do. */
    methods: text('methods').array().notNull(),
    /** Answers that were looked at, or are. */
    attempts: integer('attempts').notNull().default(0),
    expiresAt: moment('expires_at').notNull(),
    usedAt: moment('used_at'),
  },
  (table) => [
    index('login_challenges_of_user').on(table.userId),
    index('login_challenges_expiry').on(table.expiresAt),
  ],
);
