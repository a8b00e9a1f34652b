import { and, desc, eq } from 'drizzle-orm';
import type { Database } from '../database/database.ts';
import { sessions, users } from '../database/schema/index.ts';
import { live } from '../session/live.ts';
import { networkOf } from '../limits/network.ts';

/** Sessions that are looked at, the most recently used first. */
const MAX_SESSIONS = 100;

/**
 * Whether the account has a live session that was last used from the same network: whoever tries
 * there is taken for its owner, and a stranger elsewhere cannot use up what is theirs.
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
