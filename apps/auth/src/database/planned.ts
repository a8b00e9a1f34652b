/**
 * Statements whose plan is not left to what PostgreSQL knows of the table. Its statistics are of another time, or
 * of another value, and where they are wrong it reads and sorts all rows for a page of twenty.
 */
import { sql } from 'drizzle-orm';
import type { Transaction } from './database.ts';

const WAYS = {
  /** Along an index that has the order that is asked for. */
  inOrder: sql`
    select set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
      set_config('enable_sort', 'off', true), set_config('max_parallel_workers_per_gather', '0', true)`,
  /** What an index names, and nothing else; with memory for the places of a million rows. */
  byIndex: sql`
    select set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'on', true),
      set_config('enable_sort', 'on', true), set_config('max_parallel_workers_per_gather', '0', true),
      set_config('work_mem', '32MB', true)`,
} as const;

/** @param statement is sent together with what it is planned by, which holds for the transaction from then on */
export async function planned<T>(
  tx: Transaction,
  way: keyof typeof WAYS,
  statement: () => PromiseLike<T>,
): Promise<T> {
  const [, answer] = await Promise.all([tx.execute(WAYS[way]), statement()]);
  return answer;
}
