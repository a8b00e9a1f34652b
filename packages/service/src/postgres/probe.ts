import { reasonOfFault } from '@portcullis/api';
import type { Sql } from 'postgres';
import { NotReady } from '../not-ready.ts';

/** Undoes what was written. */
class WrittenAndUndone extends Error {
  override readonly name = 'WrittenAndUndone';
}

/**
 * Whether the database can be written: what reads may go on long after that. The row is one of the list
 * of migrations, which nothing else changes; one that another probe holds is passed over, and nothing
 * waits.
 *
 * @throws NotReady with what keeps it from that
 */
export async function probeDatabase(sql: Sql): Promise<void> {
  try {
    await sql.begin(async (tx) => {
      await tx`
        update drizzle.__drizzle_migrations set hash = hash where id = (
          select id from drizzle.__drizzle_migrations order by id limit 1 for update skip locked
        )`;
      throw new WrittenAndUndone();
    });
  } catch (error) {
    if (error instanceof WrittenAndUndone) return;
    throw new NotReady(reasonOfFault(error) ?? 'failed', { cause: error });
  }
}
