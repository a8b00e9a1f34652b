import { NO_ACCESS_CONFIG, type AccessConfig, type ClientId } from '@portcullis/contracts';
import { eq, sql } from 'drizzle-orm';
import { lockAccess, scopesOf } from '../access/present-access.ts';
import type { Transaction } from '../database/database.ts';
import { clients } from '../database/schema/index.ts';
import type { Cause, WithChange } from '../change/unit-of-work.ts';
import { fingerprintsOf, type ClientKeySet } from './client-keys.ts';
import { hashClientSecret } from './secret-hash.ts';

/** A client proves who it is in one way: by a secret, or by keys of which it holds the private half. */
export type WantedClient = {
  id: ClientId;
  name: string;
  scopes: string[];
  audiences: string[];
} & ({ secret: string; jwks?: never } | { jwks: ClientKeySet; secret?: never });

/** With a reason that a user can read. */
export class UnusableClient extends Error {
  override readonly name = 'UnusableClient';
}

export type Ensured = 'created' | 'changed' | 'unchanged';

const BY_OPERATOR = {
  actor: { kind: 'system', id: 'ensure-client' },
  requestId: 'ensure-client',
  address: null,
} as const satisfies Cause;

/**
 * Makes the machine client be as wanted. Doing it twice changes nothing. Another secret, a key that
 * goes, or less to be allowed, raises the client's generation and takes the tokens that it has; a key
 * that comes beside the others does not.
 *
 * @param declared what auth is about to start with: its scopes are known, beside those of the database
 * @throws UnusableClient for one that is permanently disabled, and for a scope that there is not; nothing is changed
 */
export async function ensureClient(
  withChange: WithChange,
  wanted: WantedClient,
  declared: AccessConfig = NO_ACCESS_CONFIG,
): Promise<Ensured> {
  const { id, name, scopes, audiences } = wanted;
  const hash = wanted.secret === undefined ? null : hashClientSecret(wanted.secret);
  const jwks = wanted.jwks ?? null;
  const { result } = await withChange(BY_OPERATOR, async ({ tx, revoke, audit }) => {
    await requireScopes(tx, scopes, declared);
    const inserted = await tx
      .insert(clients)
      .values({ id, name, secretHash: hash, jwks, scopes, audiences })
      .onConflictDoNothing()
      .returning({ id: clients.id });
    let ensured: Ensured = inserted.length > 0 ? 'created' : 'unchanged';
    if (ensured === 'unchanged') {
      const [before] = await tx.select().from(clients).where(eq(clients.id, id)).for('update');
      if (before === undefined) throw new Error('client row vanished while locked');
      if (before.disabledAt !== null) {
        throw new UnusableClient(`${id} is permanently disabled; make one with another id`);
      }
      const [keysBefore, keysAfter] = [await keysOf(before.jwks), await keysOf(jwks)];
      const reduced =
        losesSecret(before, hash) ||
        // One that had no proof had no tokens of its own.
        [...keysBefore].some((key) => !keysAfter.has(key)) ||
        before.scopes.some((scope) => !scopes.some((kept) => kept === scope)) ||
        before.audiences.some((audience) => !audiences.includes(audience));
      const changed =
        reduced ||
        (before.secretHash === null) !== (hash === null) ||
        keysBefore.size !== keysAfter.size ||
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
            // One that is being replaced ends with it.
            previousSecretHash: null,
            previousSecretUntil: null,
            jwks,
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
      action: 'client.provisioned',
      target: { kind: 'client', id },
      detail: { outcome: ensured, scopes, audiences },
    });
    return ensured;
  });
  return result;
}

/** By the database, or by what auth is about to make of it. */
async function requireScopes(
  tx: Transaction,
  scopes: readonly string[],
  declared: AccessConfig,
): Promise<void> {
  const { config } = await lockAccess(tx);
  const known = new Set([...scopesOf(config), ...scopesOf(declared)]);
  const unknown = scopes.filter((scope) => !known.has(scope));
  if (unknown.length > 0) throw new UnusableClient(`there is no scope ${unknown.join(', ')}`);
}

/** Whether the secret that the client could prove itself with no longer proves anything. */
function losesSecret(before: { secretHash: Buffer | null }, hash: Buffer | null): boolean {
  if (before.secretHash === null) return false;
  return hash === null || !before.secretHash.equals(hash);
}

const keysOf = async (jwks: unknown): Promise<ReadonlySet<string>> =>
  jwks === null ? new Set<string>() : await fingerprintsOf(jwks);
