/** Words of statements whose text is built once, when the service starts, and whose values are given by name. */
import { sql, type Column, type SQL, type Table } from 'drizzle-orm';

/** The database's time when the statement began: the same wherever it stands in it, however long it waited. */
export const statementTime = sql`statement_timestamp()`;

/**
 * A value that is given with each execution.
 *
 * @param type as PostgreSQL calls it
 */
export const param = (name: string, type: string): SQL =>
  sql`${sql.placeholder(name)}::${sql.raw(type)}`;

/** Seconds since the epoch. */
export function secondsOf(moment: Column | SQL): SQL<number> {
  return sql<number>`extract(epoch from ${moment})::float8`;
}

/** `insert into … select …`, without the source of the rows. */
export function insertFromSelect(
  table: Table,
  values: readonly (readonly [Column, SQL | Column])[],
): SQL {
  const columns = values.map(([column]) => sql.identifier(column.name));
  return sql`insert into ${table} (${sql.join(columns, sql`, `)})
    select ${sql.join(
      values.map(([, value]) => sql`${value}`),
      sql`, `,
    )}`;
}
