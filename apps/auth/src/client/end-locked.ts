import type { ClientId } from '@portcullis/contracts';
import { eq, sql } from 'drizzle-orm';
import type { Change } from '../change/unit-of-work.ts';
import { clients } from '../database/schema/index.ts';

/** Disables a client whose row is locked, permanently, and revokes the tokens that it has. @returns its row */
export async function endLocked(
  { tx, revoke }: Pick<Change, 'tx' | 'revoke'>,
  id: ClientId,
): Promise<typeof clients.$inferSelect> {
  const [after] = await tx
    .update(clients)
    .set({
      disabledAt: sql`clock_timestamp()`,
      previousSecretHash: null,
      previousSecretUntil: null,
      generation: sql`${clients.generation} + 1`,
    })
    .where(eq(clients.id, id))
    .returning();
  if (after === undefined) throw new Error('client row vanished while locked');
  await revoke({ kind: 'client', key: id, generation: after.generation }, 'client_disabled');
  return after;
}
