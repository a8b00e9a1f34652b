/** The log of revocations, its head, the registry of verifiers, and what goes with every change. */
import type {
  EpochId,
  EventId,
  IncarnationId,
  RevocationKind,
  RevocationReason,
  UserId,
} from '@portcullis/contracts';
import { sql } from 'drizzle-orm';
import {
  bigint,
  check,
  index,
  integer,
  jsonb,
  pgTable,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import { moment } from './moment.ts';

export const revocationLog = pgTable(
  'revocation_log',
  {
    id: text('id').$type<EventId>().primaryKey(),
    /** Dense from 1; null until the row is numbered. A row at n is never visible before n - 1. */
    position: bigint('position', { mode: 'number' }),
    kind: text('kind').$type<RevocationKind>().notNull(),
    key: text('key').notNull(),
    generation: integer('generation'),
    reason: text('reason').$type<RevocationReason>().notNull(),
    occurredAt: moment('occurred_at')
      .notNull()
      .default(sql`clock_timestamp()`),
    /** Null: kept for ever. */
    expiresAt: moment('expires_at'),
    actorKind: text('actor_kind').$type<'user' | 'client' | 'system'>().notNull(),
    actorId: text('actor_id').notNull(),
    requestId: text('request_id').notNull(),
    publishedAt: moment('published_at'),
  },
  (table) => [
    uniqueIndex('revocation_log_position').on(table.position),
    index('revocation_log_unnumbered')
      .on(table.id)
      .where(sql`${table.position} is null`),
    index('revocation_log_unpublished')
      .on(table.id)
      .where(sql`${table.publishedAt} is null`),
    index('revocation_log_expiry').on(table.expiresAt),
    // Asked for each access token that is checked here.
    index('revocation_log_tokens')
      .on(table.key)
      .where(sql`${table.kind} = 'token'`),
  ],
);

/** One row. Locking it is the right to give out positions. */
export const logHead = pgTable(
  'log_head',
  {
    id: integer('id').primaryKey().default(1),
    /** Changes when the history of the log can no longer be vouched for. */
    epoch: text('epoch').$type<EpochId>().notNull(),
    position: bigint('position', { mode: 'number' }).notNull().default(0),
  },
  (table) => [check('log_head_one_row', sql`${table.id} = 1`)],
);

/** One row: the generation of the issuer, which only breaking the glass raises. */
export const issuer = pgTable(
  'issuer',
  {
    id: integer('id').primaryKey().default(1),
    generation: integer('generation').notNull().default(0),
  },
  (table) => [check('issuer_one_row', sql`${table.id} = 1`)],
);

/** Every incarnation of a verifier that may be fresh. */
export const verifiers = pgTable(
  'verifiers',
  {
    incarnation: text('incarnation').$type<IncarnationId>().primaryKey(),
    service: text('service').notNull(),
    policy: text('policy').notNull(),
    maxStalenessMs: integer('max_staleness_ms').notNull(),
    epoch: text('epoch').$type<EpochId>(),
    position: bigint('position', { mode: 'number' }).notNull(),
    /**
     * Another one with each grant, never a former one. Each instance of auth watches it against its own
     * monotonic clock.
     */
    renewals: bigint('renewals', { mode: 'number' }).notNull().default(1),
    renewedAt: moment('renewed_at')
      .notNull()
      .default(sql`clock_timestamp()`),
    /** Of revocations, those that it has said it reads; null until it has. */
    kinds: text('kinds').array(),
    /** Of mappings of roles, the number that it has said it enforces; null until it has. */
    access: integer('access'),
  },
  (table) => [index('verifiers_service').on(table.service)],
);

/** Domain events that wait for publication, and those that went out lately. */
export const accountEvents = pgTable(
  'account_events',
  {
    id: text('id').$type<EventId>().primaryKey(),
    userId: text('user_id').$type<UserId>().notNull(),
    event: jsonb('event').notNull(),
    occurredAt: moment('occurred_at')
      .notNull()
      .default(sql`clock_timestamp()`),
    publishedAt: moment('published_at'),
  },
  (table) => [
    index('account_events_unpublished')
      .on(table.id)
      .where(sql`${table.publishedAt} is null`),
  ],
);
