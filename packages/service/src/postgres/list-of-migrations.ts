/** The list of what was applied: drizzle's own, so that databases of before go on with it. */
import type { Sql, TransactionSql } from 'postgres';
import * as z from 'zod';
import type { Migration } from './migrations.ts';

const appliedRow = z.object({ created_at: z.coerce.number() });
const table = z.object({ there: z.boolean() });

export async function ensureList(sql: Sql): Promise<void> {
  await sql`create schema if not exists drizzle`;
  await sql`
    create table if not exists drizzle.__drizzle_migrations
      (id serial primary key, hash text not null, created_at bigint)`;
}

/** @returns the moments by which they are known; undefined where nothing was ever applied */
export async function appliedMigrations(sql: Sql): Promise<Set<number> | undefined> {
  const [row] = await sql`select to_regclass('drizzle.__drizzle_migrations') is not null as there`;
  if (!table.parse(row).there) return undefined;
  const rows = await sql`
    select created_at from drizzle.__drizzle_migrations where created_at is not null`;
  return new Set(rows.map((each) => appliedRow.parse(each).created_at));
}

export async function noteApplied(
  sql: Sql | TransactionSql,
  { hash, when }: Migration,
): Promise<void> {
  await sql`insert into drizzle.__drizzle_migrations (hash, created_at) values (${hash}, ${when})`;
}
