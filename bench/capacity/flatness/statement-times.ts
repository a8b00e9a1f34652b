/** What PostgreSQL itself says that statements have taken: pg_stat_statements, for one database. */
import type { Sql } from 'postgres';
import { z } from 'zod';

export interface StatementTime {
  /** PostgreSQL's number for it, the same in all databases of one template. */
  readonly id: string;
  /** Constants in it may stand as parameters. */
  readonly text: string;
  readonly calls: number;
  /** Of each call, in the mean: milliseconds of execution. */
  readonly ms: number;
  /** Of each call, in the mean: pages of tables and indexes that it has gone through, wherever they were. */
  readonly pages: number;
}

const statement = z.object({
  id: z.string(),
  text: z.string(),
  calls: z.number(),
  ms: z.number(),
  pages: z.number(),
});

/** @throws Error where PostgreSQL has not loaded the library */
export async function requireStatementTimes(sql: Sql): Promise<void> {
  const [row] = await sql`select current_setting('shared_preload_libraries') as libraries`;
  if (!String(row?.['libraries']).includes('pg_stat_statements')) {
    throw new Error(
      'this PostgreSQL does not count statements: start it with shared_preload_libraries = pg_stat_statements',
    );
  }
  await sql`create extension if not exists pg_stat_statements`;
}

/** Counting begins anew. */
export async function forgetStatements(sql: Sql): Promise<void> {
  await sql`
    select pg_stat_statements_reset(0, oid, 0) from pg_database where datname = current_database()`;
}

/** @returns the statements that were called so often or more, the slowest first */
export async function statementTimes(sql: Sql, leastCalls: number): Promise<StatementTime[]> {
  const rows = await sql`
    select queryid::text as id, query as text, calls::float8 as calls, total_exec_time / calls as ms,
      (shared_blks_hit + shared_blks_read)::float8 / calls as pages
    from pg_stat_statements
    where dbid = (select oid from pg_database where datname = current_database()) and calls >= ${leastCalls}
    order by total_exec_time desc`;
  return rows.map((row) => statement.parse(row));
}
