/** Applications whose users sign in on the pages of auth: public clients, with the addresses that users go back to. */
import type { ClientId } from '@portcullis/contracts';
import { eq } from 'drizzle-orm';
import { clients } from '../database/schema/index.ts';
import type { Cause, WithChange } from '../change/unit-of-work.ts';
import { UnusableClient, type Ensured } from './ensure-client.ts';

export interface WantedApplication {
  id: ClientId;
  name: string;
  /** All of them: one that is not named is one no more. */
  redirectUris: string[];
}

const BY_OPERATOR = {
  actor: { kind: 'system', id: 'ensure-application' },
  requestId: 'ensure-application',
  address: null,
} as const satisfies Cause;

/**
 * Makes the application be as wanted. Doing it twice changes nothing. An address that goes takes no tokens: a code for it
 * is good for its minute yet.
 *
 * @throws UnusableClient for one that is permanently disabled, and for a machine client, which proves who it is
 */
export async function ensureApplication(
  withChange: WithChange,
  { id, name, redirectUris }: WantedApplication,
): Promise<Ensured> {
  const { result } = await withChange(BY_OPERATOR, async ({ tx, audit }) => {
    const inserted = await tx
      .insert(clients)
      .values({ id, name, redirectUris })
      .onConflictDoNothing()
      .returning({ id: clients.id });
    let ensured: Ensured = inserted.length > 0 ? 'created' : 'unchanged';
    if (ensured === 'unchanged') {
      const [before] = await tx.select().from(clients).where(eq(clients.id, id)).for('update');
      if (before === undefined) throw new Error('client row vanished while locked');
      demandApplication(before);
      const isAsWanted =
        before.name === name &&
        before.redirectUris.length === redirectUris.length &&
        before.redirectUris.every((uri) => redirectUris.includes(uri));
      if (!isAsWanted) {
        ensured = 'changed';
        await tx.update(clients).set({ name, redirectUris }).where(eq(clients.id, id));
      }
    }
    await audit({
      action: 'client.provisioned',
      target: { kind: 'client', id },
      detail: { outcome: ensured, redirect_uris: redirectUris },
    });
    return ensured;
  });
  return result;
}

function demandApplication(row: typeof clients.$inferSelect): void {
  if (row.disabledAt !== null) {
    throw new UnusableClient(`${row.id} is permanently disabled; make one with another id`);
  }
  if (row.secretHash !== null || row.jwks !== null) {
    throw new UnusableClient(`${row.id} is a machine client; make an application with another id`);
  }
}
