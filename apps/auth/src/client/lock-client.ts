import { Refusal, type ClientId } from '@portcullis/contracts';
import { eq } from 'drizzle-orm';
import type { Transaction } from '../database/database.ts';
import { clients } from '../database/schema/index.ts';

/** @throws Refusal `not_found` */
export async function lockClient(
  tx: Transaction,
  id: ClientId,
): Promise<typeof clients.$inferSelect> {
  const [row] = await tx.select().from(clients).where(eq(clients.id, id)).for('update');
  if (row === undefined) throw new Refusal('not_found');
  return row;
}
