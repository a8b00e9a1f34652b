import type { UserId } from '@portcullis/contracts';
import { eq } from 'drizzle-orm';
import type { Transaction } from '../database/database.ts';
import { users } from '../database/schema/index.ts';
import type { Change } from '../change/unit-of-work.ts';

export type LockedUser = typeof users.$inferSelect;

/** Holds off everything that changes the account until the transaction ends. */
export async function lockUser(tx: Transaction, id: UserId): Promise<LockedUser | undefined> {
  const [row] = await tx.select().from(users).where(eq(users.id, id)).for('no key update');
  return row;
}

/** The same, before a session of theirs is ended. Of a deleted user no address is kept. */
export async function lockOwner(change: Change, id: UserId): Promise<void> {
  const owner = await lockUser(change.tx, id);
  if (owner === undefined || owner.status === 'deleted') change.omitAddress();
}
