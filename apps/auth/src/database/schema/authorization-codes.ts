/** Logins whose application has not fetched its tokens yet: see oauth/issue-code.ts. No secret stands here in plain. */
import type { ClientId, SessionId, UserId } from '@portcullis/contracts';
import { index, pgTable, text } from 'drizzle-orm/pg-core';
import { bytea } from './bytea.ts';
import { moment } from './moment.ts';

export const authorizationCodes = pgTable(
  'authorization_codes',
  {
    /** SHA-256 of the code. */
    codeHash: bytea('code_hash').primaryKey(),
    /** No foreign keys: a row lives for a day, and a migration would lock the tables for them. */
    sessionId: text('session_id').$type<SessionId>().notNull(),
    userId: text('user_id').$type<UserId>().notNull(),
    clientId: text('client_id').$type<ClientId>().notNull(),
    redirectUri: text('redirect_uri').notNull(),
    /** SHA-256 of the verifier, in base64url (RFC 7636, S256). */
    codeChallenge: text('code_challenge').notNull(),
    /** The refresh token of the session, encrypted under the code, which stands nowhere. */
    sealed: bytea('sealed').notNull(),
    expiresAt: moment('expires_at').notNull(),
    usedAt: moment('used_at'),
  },
  (table) => [
    index('authorization_codes_of_user').on(table.userId),
    index('authorization_codes_expiry').on(table.expiresAt),
  ],
);
