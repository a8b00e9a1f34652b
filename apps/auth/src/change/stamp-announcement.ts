/**
 * When an event about an account occurred.
 *
 * Invariant: of two events about one account, the one that commits later bears the later time, to the
 * millisecond. The row of the account is locked until the commit, and the clock is the database's,
 * read under that lock; where it stands still or steps back, the time goes on from the last event.
 */
import { Refusal, type UserId } from '@portcullis/contracts';
import { eq, sql } from 'drizzle-orm';
import type { Transaction } from '../database/database.ts';
import { users } from '../database/schema/index.ts';

export async function stampAnnouncement(tx: Transaction, id: UserId): Promise<Date> {
  const [row] = await tx
    .update(users)
    .set({
      announcedAt: sql`greatest(date_trunc('milliseconds', clock_timestamp()),
        ${users.announcedAt} + interval '1 millisecond')`,
    })
    .where(eq(users.id, id))
    .returning({ at: users.announcedAt });
  if (!row?.at) throw new Refusal('not_found');
  return row.at;
}
