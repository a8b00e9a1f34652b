import { and, isNotNull, inArray, lt, sql } from 'drizzle-orm';
import type { Transaction } from '../database/database.ts';
import { revocationLog } from '../database/schema/index.ts';

const AT_ONCE = 2_000;

/**
 * Lets go of some of the rows that no living token can be affected by.
 *
 * @returns whether there may be more
 */
export async function pruneRevocationLog(tx: Transaction): Promise<boolean> {
  const { id, expiresAt, position } = revocationLog;
  const old = tx
    .select({ id })
    .from(revocationLog)
    .where(and(lt(expiresAt, sql`clock_timestamp()`), isNotNull(position)))
    .limit(AT_ONCE);
  const gone = await tx.delete(revocationLog).where(inArray(id, old)).returning({ id });
  return gone.length === AT_ONCE;
}
