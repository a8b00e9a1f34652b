import { Refusal, type EventId, type RevocationReason, type UserId } from '@portcullis/contracts';
import { eq, sql } from 'drizzle-orm';
import type { PgUpdateSetSource } from 'drizzle-orm/pg-core';
import { users } from '../database/schema/index.ts';
import type { Change } from '../change/unit-of-work.ts';
import { markAllEnded } from './end-sessions.ts';

type UserRow = typeof users.$inferSelect;

/**
 * Changes an account and raises its generation in one statement, which ends every token that it has
 * been given so far.
 *
 * `sessions`: permanently, and all sessions with them. `claims`: the tokens are outdated, the sessions
 * live, and a refresh gives new tokens.
 *
 * Invariant: a generation that was raised while the session lives means outdated claims and nothing
 * worse; `token-status.ts` counts on it.
 */
export async function revokeAccess(
  { tx, revoke }: Change,
  id: UserId,
  ends: 'claims' | 'sessions',
  reason: RevocationReason,
  state: Omit<PgUpdateSetSource<typeof users>, 'id' | 'generation'> = {},
): Promise<UserRow> {
  const [row] = await tx
    .update(users)
    .set({ ...state, generation: sql`${users.generation} + 1` })
    .where(eq(users.id, id))
    .returning();
  if (row === undefined) throw new Refusal('not_found');
  const event: EventId = await revoke(
    { kind: ends === 'claims' ? 'claims_changed' : 'subject', key: id, generation: row.generation },
    reason,
  );
  if (ends === 'sessions') await markAllEnded(tx, id, event);
  return row;
}
