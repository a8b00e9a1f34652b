/** Users, their sessions, machine clients, and the keys that sign. No secret stands here in plain. */
import type { ClientId, EventId, KeyId, SessionId, UserId } from '@portcullis/contracts';
import { sql } from 'drizzle-orm';
import {
  bigint,
  check,
  index,
  integer,
  jsonb,
  pgSequence,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import { searchVector } from '../search-vector.ts';
import { bytea } from './bytea.ts';
import { moment } from './moment.ts';

/** Numbers requests by mail and changes of credentials in one order: see users/credential.ts. */
export const requestOrder = pgSequence('request_order');

export const users = pgTable(
  'users',
  {
    id: text('id').$type<UserId>().primaryKey(),
    /** As the owner wrote it. Null after deletion: the row stays as a tombstone. */
    email: text('email'),
    /** The form that addresses are compared in. */
    emailKey: text('email_key'),
    name: text('name'),
    /** A PHC string of argon2id. */
    passwordHash: text('password_hash'),
    /** Raised by everything that ends the access of all tokens so far. */
    generation: integer('generation').notNull().default(0),
    /** Raised whenever one client's access for the user is revoked: a login that waited for it sees that. */
    clientRevocations: integer('client_revocations').notNull().default(0),
    /** Raised with every new password, address and status: see users/credential.ts. */
    credentialVersion: integer('credential_version').notNull().default(0),
    /**
     * The number at which this version began; a trigger takes it with every new version. Null: before
     * there were numbers.
     */
    credentialOrder: bigint('credential_order', { mode: 'number' }).default(
      sql`nextval('request_order')`,
    ),
    /** One that is declared no longer stays, and carries nothing. */
    roles: text('roles').array().notNull().default([]),
    status: text('status').$type<'active' | 'disabled' | 'deleted'>().notNull().default('active'),
    emailVerifiedAt: moment('email_verified_at'),
    createdAt: moment('created_at').notNull().defaultNow(),
    lastLoginAt: moment('last_login_at'),
    /** The time of the last event about the account; the next is later, even if the clock goes back. */
    announcedAt: moment('announced_at'),
  },
  (table) => [
    uniqueIndex('users_email_key').on(table.emailKey),
    // What administrators look for. What is written is found at once: a list of what waits would be read whole.
    index('users_search').using('gin', searchVector(table)).with({ fastupdate: false }),
    index('users_roles')
      .using('gin', table.roles)
      .where(sql`${table.roles} <> '{}'`),
    index('users_disabled')
      .on(table.id)
      .where(sql`${table.status} = 'disabled'`),
    check('users_status', sql`${table.status} in ('active', 'disabled', 'deleted')`),
  ],
);

export const sessions = pgTable(
  'sessions',
  {
    id: text('id').$type<SessionId>().primaryKey(),
    userId: text('user_id')
      .$type<UserId>()
      .notNull()
      .references(() => users.id),
    clientId: text('client_id').$type<ClientId>().notNull(),
    /** SHA-256 of the one refresh token that is live, and of the one before it. */
    refreshHash: bytea('refresh_hash').notNull(),
    previousRefreshHash: bytea('previous_refresh_hash'),
    /** When the live one took the place of the one before. */
    rotatedAt: moment('rotated_at'),
    rotations: integer('rotations').notNull().default(0),
    userAgent: text('user_agent'),
    address: text('address'),
    authTime: moment('auth_time').notNull().defaultNow(),
    amr: text('amr').array().notNull(),
    /** The class of the login, where a factor gives one (RFC 9068 section 2.2.1); null: none. */
    acr: text('acr'),
    createdAt: moment('created_at').notNull().defaultNow(),
    lastUsedAt: moment('last_used_at').notNull().defaultNow(),
    idleExpiresAt: moment('idle_expires_at').notNull(),
    expiresAt: moment('expires_at').notNull(),
    endedAt: moment('ended_at'),
    /** The event that ended it; a repeated logout answers with its receipt. */
    endedBy: text('ended_by').$type<EventId>(),
    /** Thumbprint of the key that its refresh tokens are bound to (RFC 9449 section 5); null: none. */
    dpopJkt: text('dpop_jkt'),
    /** SHA-256 of the refresh token, bound to no key, that was given for the first bound one. */
    boundByHash: bytea('bound_by_hash'),
  },
  (table) => [
    index('sessions_of_user')
      .on(table.userId)
      .where(sql`${table.endedAt} is null`),
    // Of what stands since the login: a refresh would have to change an index of anything else.
    index('sessions_expiry').on(table.expiresAt),
  ],
);

export const clients = pgTable('clients', {
  id: text('id').$type<ClientId>().primaryKey(),
  name: text('name').notNull(),
  /** SHA-256 of a secret of at least 256 random bits, for which a slow hash would add nothing. */
  secretHash: bytea('secret_hash'),
  /** Public keys, as a JWK set, of a client that authenticates by `private_key_jwt` instead. */
  jwks: jsonb('jwks'),
  /** The secret before, while it is still taken, and until when. */
  previousSecretHash: bytea('previous_secret_hash'),
  previousSecretUntil: moment('previous_secret_until'),
  scopes: text('scopes').array().notNull().default([]),
  audiences: text('audiences').array().notNull().default([]),
  /** Where users may be sent back to after signing in (RFC 6749 section 3.1.2), each exactly as it is asked for. */
  redirectUris: text('redirect_uris').array().notNull().default([]),
  generation: integer('generation').notNull().default(0),
  createdAt: moment('created_at').notNull().defaultNow(),
  disabledAt: moment('disabled_at'),
});

/**
 * What one client holds for one user, where that was ever revoked as a whole: the logout of a session makes
 * no row. What tokens say is this generation and the issuer's together (token/mint.ts).
 */
export const clientSubjects = pgTable(
  'client_subjects',
  {
    clientId: text('client_id').$type<ClientId>().notNull(),
    /** No foreign key: a dump of before, put over this database, has to be able to drop `users`. */
    userId: text('user_id').$type<UserId>().notNull(),
    generation: integer('generation').notNull(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.clientId] })],
);

export const signingKeys = pgTable('signing_keys', {
  kid: text('kid').$type<KeyId>().primaryKey(),
  alg: text('alg').$type<'ES256' | 'RS256' | 'EdDSA'>().notNull(),
  publicJwk: jsonb('public_jwk').notNull(),
  /** Sealed under the key-encryption key. */
  sealedPrivateKey: bytea('sealed_private_key').notNull(),
  createdAt: moment('created_at').notNull().defaultNow(),
  /** From when it signs. */
  activeFrom: moment('active_from').notNull().defaultNow(),
  /** From when another one signs; it stays published until its last token has expired. */
  retiredAt: moment('retired_at'),
  killedAt: moment('killed_at'),
});

/**
 * What may be used once and has been: `jti`s of client assertions and of DPoP proofs, as hashes. A row
 * may go when what it stands for would be refused for its age.
 */
export const usedProofs = pgTable(
  'used_proofs',
  {
    hash: bytea('hash').primaryKey(),
    expiresAt: moment('expires_at').notNull(),
  },
  (table) => [index('used_proofs_expiry').on(table.expiresAt)],
);

/** Secrets of the service itself that must be the same on every instance, sealed. */
export const sealedSecrets = pgTable('sealed_secrets', {
  name: text('name').primaryKey(),
  sealed: bytea('sealed').notNull(),
});
