import { and, desc, eq } from 'drizzle-orm';
import type { Database } from '../database/database.ts';
import { sessions, users } from '../database/schema/index.ts';
import { live } from '../session/live.ts';
import { networkOf } from '../limits/network.ts';

/** Sessions that are looked at, the most recently used first. */
const MAX_SESSIONS = 100;

/**
 * Whether the account has a live session that was last used from the same network: attempts from there
 * are taken for the owner's, and an attacker elsewhere cannot use up the owner's attempts.
 */
export async function isKnownNetwork(
  database: Database,
  account: string,
  address: string,
): Promise<boolean> {
  const rows = await database
    .select({ address: sessions.address })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .where(and(eq(users.emailKey, account), live()))
    .orderBy(desc(sessions.lastUsedAt))
    .limit(MAX_SESSIONS);
  const network = networkOf(address);
  return rows.some((row) => row.address !== null && networkOf(row.address) === network);
}
