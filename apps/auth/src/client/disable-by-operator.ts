import { FIRST_PARTY_CLIENT, type ClientId, type RevocationEvent } from '@portcullis/contracts';
import { eq } from 'drizzle-orm';
import type { Cause, WithChange } from '../change/unit-of-work.ts';
import { clients } from '../database/schema/index.ts';
import { endLocked } from './end-locked.ts';
import { UnusableClient } from './ensure-client.ts';

const BY_OPERATOR = {
  actor: { kind: 'system', id: 'disable-client' },
  requestId: 'disable-client',
  address: null,
} as const satisfies Cause;

/**
 * Disables a machine client permanently, and revokes its tokens. Doing it twice changes nothing.
 *
 * @returns what was revoked; nothing where the client was disabled already, or there is none
 * @throws UnusableClient for the client by which users log in
 */
export async function disableByOperator(
  withChange: WithChange,
  id: ClientId,
): Promise<readonly RevocationEvent[]> {
  if (id === FIRST_PARTY_CLIENT) throw new UnusableClient(`${id} is what users log in by`);
  const { revocations } = await withChange(BY_OPERATOR, async ({ tx, revoke, audit }) => {
    const [before] = await tx.select().from(clients).where(eq(clients.id, id)).for('update');
    const changed = before !== undefined && before.disabledAt === null;
    await audit({
      action: 'client.disabled',
      target: { kind: 'client', id },
      detail: { changed },
    });
    if (changed) await endLocked({ tx, revoke }, id);
  });
  return revocations;
}
