/** What statements of several parts are put together from, beside what drizzle has for them. */
import { sql, type Column, type SQL, type Table } from 'drizzle-orm';

/** A parameter of a prepared statement, with its type: nothing else says it where a value is selected. */
export const param = (name: string, type: string): SQL =>
  sql`${sql.placeholder(name)}::${sql.raw(type)}`;

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
