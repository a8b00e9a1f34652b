import type { ClientId, Permission } from '@portcullis/contracts';
import { eq, sql } from 'drizzle-orm';
import { clients } from '../postgres/schema/index.ts';
import type { Cause, MakeChange } from '../revocation/change.ts';
import { secretHash } from './secret-hash.ts';

export interface WantedClient {
  id: ClientId;
  name: string;
  scopes: Permission[];
  audiences: string[];
  secret: string;
}

export type Ensured = 'created' | 'changed' | 'unchanged';

const BY_OPERATOR = {
  actor: { kind: 'system', id: 'ensure-client' },
  requestId: 'ensure-client',
  address: null,
} as const satisfies Cause;

/**
 * Makes the machine client be as wanted. Doing it twice changes nothing. Another secret, or less to
 * be allowed, raises the client's generation and takes the tokens that it has.
 */
export async function ensureClient(makeChange: MakeChange, wanted: WantedClient): Promise<Ensured> {
  const { id, name, scopes, audiences } = wanted;
  const hash = secretHash(wanted.secret);
  const { result } = await makeChange(BY_OPERATOR, async ({ tx, revoke, audit }) => {
    const inserted = await tx
      .insert(clients)
      .values({ id, name, secretHash: hash, scopes, audiences })
      .onConflictDoNothing()
      .returning({ id: clients.id });
    let ensured: Ensured = inserted.length > 0 ? 'created' : 'unchanged';
    if (ensured === 'unchanged') {
      const [before] = await tx.select().from(clients).where(eq(clients.id, id)).for('update');
      if (before === undefined) throw new Error('a client went away under its lock');
      const reduced =
        before.secretHash?.equals(hash) !== true ||
        before.scopes.some((scope) => !scopes.some((kept) => kept === scope)) ||
        before.audiences.some((audience) => !audiences.includes(audience));
      const changed =
        reduced ||
        before.name !== name ||
        before.scopes.length !== scopes.length ||
        before.audiences.length !== audiences.length;
      if (changed) {
        ensured = 'changed';
        const [after] = await tx
          .update(clients)
          .set({
            name,
            secretHash: hash,
            scopes,
            audiences,
            ...(reduced ? { generation: sql`${clients.generation} + 1` } : {}),
          })
          .where(eq(clients.id, id))
          .returning({ generation: clients.generation });
        if (reduced && after !== undefined) {
          await revoke(
            { kind: 'client', key: id, generation: after.generation },
            'credential_change',
          );
        }
      }
    }
    await audit({
      action: 'client.ensured',
      target: { kind: 'client', id },
      detail: { outcome: ensured, scopes, audiences },
    });
    return ensured;
  });
  return result;
}
