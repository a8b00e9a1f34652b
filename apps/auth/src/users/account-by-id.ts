import { Refusal, type UserId } from '@portcullis/contracts';
import { and, eq } from 'drizzle-orm';
import type { Queryable } from '../database/database.ts';
import { users } from '../database/schema/index.ts';

export type ActiveAccount = typeof users.$inferSelect & { email: string; emailKey: string };

/** @throws Refusal `invalid_token` for a user who was disabled or deleted after the token's check */
export async function accountById(on: Queryable, id: UserId): Promise<ActiveAccount> {
  const [row] = await on
    .select()
    .from(users)
    .where(and(eq(users.id, id), eq(users.status, 'active')));
  if (row === undefined || row.email === null || row.emailKey === null) {
    throw new Refusal('invalid_token', { reason: 'subject_revoked' });
  }
  return { ...row, email: row.email, emailKey: row.emailKey };
}
