/**
 * Whether every verifier goes by the mapping that counts, as far as the registry says.
 *
 * Invariant (SPEC.md A16): asked in a transaction that has locked the mapping. Every verifier that could be fresh without
 * it had committed its registration before the mapping did (A13), so it stands in this reading, and is late until it has
 * said that it enforces this number, or can no longer be fresh: it counts from before its registration, and its
 * clock may be slower than the database's by 1 in 100.
 */
import { and, isNull, lt, ne, or, sql } from 'drizzle-orm';
import type { Transaction } from '../database/database.ts';
import { verifiers } from '../database/schema/index.ts';
import type { PresentAccess } from './present-access.ts';

/** @returns whether none is late; those of policy `accept` promise nothing, and are not waited for */
export async function isEnforced(tx: Transaction, { config }: PresentAccess): Promise<boolean> {
  // Nothing was ever declared: roles carry what they always do.
  if (config.number === 0) return true;
  const [late] = await tx
    .select({ incarnation: verifiers.incarnation })
    .from(verifiers)
    .where(
      and(
        ne(verifiers.policy, 'accept'),
        or(isNull(verifiers.access), lt(verifiers.access, config.number)),
        sql`${verifiers.renewedAt} + ${verifiers.maxStalenessMs} * interval '1.01 milliseconds' > clock_timestamp()`,
      ),
    )
    .limit(1);
  return late === undefined;
}
