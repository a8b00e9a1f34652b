/** Mails that wait, outcomes of the others, and the links in them. No token stands here in plain. */
import type { LinkId, MailId, UserId } from '@portcullis/contracts';
import { sql } from 'drizzle-orm';
import { bigint, check, index, integer, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { users } from './accounts.ts';
import { bytea } from './bytea.ts';
import { moment } from './moment.ts';

/** To an address; whether an account has it is looked up when the mail is sent. */
export type MailByAddress = 'reset-password' | 'resend-verification';

/** To the owner of an account, or to the address that is to become the owner's. */
export type MailToOwner =
  | 'verify-email'
  | 'already-registered'
  | 'confirm-email-change'
  | 'email-change-requested'
  | 'email-changed'
  | 'password-changed'
  | 'session-ended-by-reuse'
  | 'second-step-failed'
  | 'factor-enrolled'
  | 'factor-removed'
  | 'recovery-codes-replaced'
  | 'recovery-code-used';

export type MailKind = MailByAddress | MailToOwner;

/**
 * - `sent`: the server has taken it.
 * - `unconfirmed`: the process died between handing it over and the answer. The server has it, unless
 *   the whole machine went down in that moment; it is not sent a second time.
 * - `obsolete`: no account has that address, or the reason has gone.
 * - `throttled`: this account was sent too many of the kind lately.
 * - `disabled`: the configuration says that no mail is sent.
 * - `rejected`: the server rejected it permanently. `failed`: it could not be sent in all attempts.
 */
export type MailOutcome =
  'sent' | 'unconfirmed' | 'obsolete' | 'throttled' | 'disabled' | 'rejected' | 'failed';

export type LinkPurpose = 'verify-email' | 'reset-password' | 'change-email';

/** The intent to send a mail, written in the transaction of its cause. */
export const mails = pgTable(
  'mails',
  {
    id: text('id').$type<MailId>().primaryKey(),
    kind: text('kind').$type<MailKind>().notNull(),
    /** Null until it was looked up whether an account has the address. */
    userId: text('user_id').$type<UserId>(),
    /** Null once the mail is settled. */
    address: text('address'),
    requestId: text('request_id').notNull(),
    createdAt: moment('created_at')
      .notNull()
      .default(sql`clock_timestamp()`),
    /** When it was asked for, among the changes of credentials. Null: before there were numbers. */
    askedOrder: bigint('asked_order', { mode: 'number' }).default(sql`nextval('request_order')`),
    /** Counted by 0.2.0 alone; the queue counts. Goes when no 0.2.0 runs beside this. */
    attempts: integer('attempts').notNull().default(0),
    /** Committed in the last moment before a server can have taken the mail. */
    handedOverAt: moment('handed_over_at'),
    /**
     * Of the hand-over: its mark, and until when it may be under way. The columns are called after the
     * lease of 0.2.0, which it has to take for one.
     */
    handover: text('claim'),
    handoverLapsesAt: moment('claimed_until'),
    settledAt: moment('settled_at'),
    outcome: text('outcome').$type<MailOutcome>(),
  },
  (table) => [
    index('mails_waiting')
      .on(table.createdAt)
      .where(sql`${table.settledAt} is null`),
    index('mails_of_user').on(table.userId, table.createdAt),
    check(
      'mails_settled',
      sql`(${table.settledAt} is null) = (${table.outcome} is null)
        and (${table.settledAt} is null or ${table.address} is null)`,
    ),
  ],
);

/** What a token in a mail stands for. */
export const links = pgTable(
  'links',
  {
    /** That of the mail that it is in, or its own. */
    id: text('id').$type<MailId | LinkId>().primaryKey(),
    purpose: text('purpose').$type<LinkPurpose>().notNull(),
    userId: text('user_id')
      .$type<UserId>()
      .notNull()
      .references(() => users.id),
    /** SHA-256 of the token. */
    tokenHash: bytea('token_hash').notNull(),
    /** The account's, when the link was asked for: with another one it is dead. */
    credentialVersion: integer('credential_version').notNull(),
    /** The address that the account is to have, as it was written. */
    newEmail: text('new_email'),
    createdAt: moment('created_at')
      .notNull()
      .default(sql`clock_timestamp()`),
    expiresAt: moment('expires_at').notNull(),
    usedAt: moment('used_at'),
  },
  (table) => [
    uniqueIndex('links_token').on(table.tokenHash),
    index('links_of_user').on(table.userId),
    index('links_expiry').on(table.expiresAt),
  ],
);
