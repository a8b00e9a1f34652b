import { Refusal, type EventId, type RevocationReason, type UserId } from '@portcullis/contracts';
import { eq, sql } from 'drizzle-orm';
import { users } from '../postgres/schema/index.ts';
import type { Change } from '../revocation/change.ts';
import { markAllEnded } from '../session/end-sessions.ts';

type UserRow = typeof users.$inferSelect;

/**
 * Changes an account and raises its generation in one statement, and takes every token that it has
 * been given so far.
 *
 * `tokens` ends the tokens only: a refresh gives new ones. `tokens-and-sessions` leaves nothing.
 */
export async function cutOff(
  { tx, revoke }: Change,
  id: UserId,
  ends: 'tokens' | 'tokens-and-sessions',
  reason: RevocationReason,
  state: Partial<Omit<UserRow, 'id' | 'generation'>> = {},
): Promise<UserRow> {
  const [row] = await tx
    .update(users)
    .set({ ...state, generation: sql`${users.generation} + 1` })
    .where(eq(users.id, id))
    .returning();
  if (row === undefined) throw new Refusal('not_found');
  const event: EventId = await revoke(
    { kind: 'subject', key: id, generation: row.generation },
    reason,
  );
  if (ends === 'tokens-and-sessions') await markAllEnded(tx, id, event);
  return row;
}
