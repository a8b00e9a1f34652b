/** When jobs were last done, of all instances, by the clock of Postgres. */
import { inArray, sql } from 'drizzle-orm';
import type { Queryable } from '../database/database.ts';
import { jobs } from '../database/schema/index.ts';

export interface LastSuccess {
  /** Seconds since 1970. */
  at: number;
  /** Seconds from then until now. */
  age: number;
}

/** Without those that were never done. */
export async function lastSuccesses(
  on: Queryable,
  names: readonly string[],
): Promise<Map<string, LastSuccess>> {
  const rows = await on
    .select({
      name: jobs.name,
      at: sql<number>`extract(epoch from ${jobs.lastSuccessAt})::float8`,
      age: sql<number>`extract(epoch from clock_timestamp() - ${jobs.lastSuccessAt})::float8`,
    })
    .from(jobs)
    .where(inArray(jobs.name, [...names]));
  return new Map(rows.map(({ name, at, age }) => [name, { at, age }]));
}
