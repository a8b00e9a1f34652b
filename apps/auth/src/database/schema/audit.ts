/**
 * Who did what. Rows are only ever added: a trigger refuses everything else, apart from the one
 * update that gives a row its place in the chain. See `audit/chain.ts`, and `change/origin.ts` for where
 * from.
 */
import { sql } from 'drizzle-orm';
import {
  bigint,
  bigserial,
  check,
  index,
  integer,
  jsonb,
  pgTable,
  text,
  timestamp,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import { bytea } from './bytea.ts';

/** What the first row of the chain continues. */
export const GENESIS = Buffer.alloc(32);

export const auditLog = pgTable(
  'audit_log',
  {
    sequence: bigserial('sequence', { mode: 'number' }).primaryKey(),
    at: timestamp('at', { withTimezone: true, mode: 'date' })
      .notNull()
      .default(sql`clock_timestamp()`),
    action: text('action').notNull(),
    actorKind: text('actor_kind').notNull(),
    actorId: text('actor_id').notNull(),
    targetKind: text('target_kind').notNull(),
    targetId: text('target_id').notNull(),
    /** A commitment to the address, which is in `audit_origins` for as long as it may be. */
    origin: text('address'),
    requestId: text('request_id').notNull(),
    detail: jsonb('detail').notNull().default({}),
    /** Dense from 1, in the chain; null from the commit until the row is chained. */
    position: bigint('position', { mode: 'number' }),
    /** The hash of the row at the position before. */
    previousHash: bytea('previous_hash'),
    hash: bytea('hash'),
  },
  (table) => [
    uniqueIndex('audit_log_position').on(table.position),
    index('audit_log_unchained')
      .on(table.sequence)
      .where(sql`${table.position} is null`),
    index('audit_log_actor').on(table.actorId, table.position),
    index('audit_log_target').on(table.targetId, table.position),
  ],
);

/** Where the actions of the audit rows came from. Rows are added and deleted, and never changed. */
export const auditOrigins = pgTable('audit_origins', {
  commitment: text('commitment').primaryKey(),
  address: text('address').notNull(),
  salt: bytea('salt').notNull(),
});

/** One row: the end of the chain. Locking it is the right to chain. */
export const auditHead = pgTable(
  'audit_head',
  {
    id: integer('id').primaryKey().default(1),
    position: bigint('position', { mode: 'number' }).notNull().default(0),
    hash: bytea('hash').notNull(),
  },
  (table) => [check('audit_head_one_row', sql`${table.id} = 1`)],
);
