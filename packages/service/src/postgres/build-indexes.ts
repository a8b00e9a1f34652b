import type { Sql } from 'postgres';
import * as z from 'zod';
import type { Applying } from './apply-transaction.ts';
import { noteApplied } from './list-of-migrations.ts';
import { watchLocks } from './lock-watch.ts';
import { MigrationFailed } from './migration-failed.ts';
import type { Migration } from './migrations.ts';
import { sqlStateOf } from './sql-state-of.ts';

const found = z.object({ valid: z.boolean() });

/**
 * Indexes that are made while requests go on. Each statement is outside of any transaction, and can be run
 * again: what a former run left half made is dropped first, and what is there already stays. PostgreSQL
 * waits for transactions that began before; no request waits for it meanwhile.
 *
 * @throws MigrationFailed naming what holds it, when it has waited for too long
 */
export async function buildIndexes(applying: Applying, migration: Migration): Promise<void> {
  const { sql, observer, pid, patienceMs } = applying;
  // Of one wait: the work itself takes as long as the table is large.
  await sql`select set_config('lock_timeout', ${String(patienceMs)}, false)`;
  const watch = watchLocks(observer, pid, undefined);
  try {
    for (const [place, statement] of migration.statements.entries()) {
      await buildIndex(sql, migration.indexes?.[place] ?? '', statement);
    }
    await noteApplied(sql, migration);
  } catch (error) {
    if (sqlStateOf(error) !== '55P03') throw error;
    const who = watch.holders ?? 'an older transaction';
    throw new MigrationFailed(
      `${migration.tag} was given up: held by ${who}. An index that is half made may be left; it is ` +
        'in no one’s way, and the next run drops it. Run it again when that has ended.',
      { cause: error },
    );
  } finally {
    await watch.stop();
    await sql`reset lock_timeout`;
  }
}

async function buildIndex(sql: Sql, name: string, statement: string): Promise<void> {
  const [row] = await sql`
    select indisvalid as valid from pg_index where indexrelid = to_regclass(quote_ident(${name}))`;
  if (row !== undefined) {
    if (found.parse(row).valid) return;
    await sql`drop index concurrently ${sql(name)}`;
  }
  await sql.unsafe(statement);
}
