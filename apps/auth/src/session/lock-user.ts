import type { UserId } from '@portcullis/contracts';
import { eq } from 'drizzle-orm';
import type { Transaction } from '../postgres/database.ts';
import { users } from '../postgres/schema/index.ts';

export type LockedUser = typeof users.$inferSelect;

/** Holds off everything that changes the account until the transaction ends. */
export async function lockUser(tx: Transaction, id: UserId): Promise<LockedUser | undefined> {
  const [row] = await tx.select().from(users).where(eq(users.id, id)).for('no key update');
  return row;
}
