/** Repeats what happened after the backup, as far as its events say enough. */
import type { EventId, UserId } from '@portcullis/contracts';
import { FIRST_PARTY_CLIENT } from '@portcullis/contracts';
import { and, eq, ne, sql } from 'drizzle-orm';
import { NEXT_CREDENTIAL } from '../users/credential.ts';
import { revokeAccess } from '../session/revoke-access.ts';
import { deleteAccount } from '../account/delete-account.ts';
import { plainAddress } from '../users/plain-address.ts';
import type { Transaction } from '../database/database.ts';
import { clients, users } from '../database/schema/index.ts';
import type { AuditEntry, Change } from '../change/unit-of-work.ts';
import type { LaterEvent } from './later-events.ts';

/**
 * - `repeat`: it can be repeated. `already`: nothing is left to repeat.
 * - `by-hand`: the event says too little, or repeating it is for an operator to decide.
 */
export type Disposition = { todo: 'repeat' | 'already' } | { todo: 'by-hand'; why: string };

export type Assessed = LaterEvent & { disposition: Disposition };

const ALREADY: Disposition = { todo: 'already' };
const REPEAT: Disposition = { todo: 'repeat' };
const byHand = (why: string): Disposition => ({ todo: 'by-hand', why });

export async function dispositionOf(
  tx: Transaction,
  later: LaterEvent,
  repeated: ReadonlySet<EventId>,
): Promise<Disposition> {
  if (repeated.has(later.event)) return ALREADY;
  switch (later.what) {
    case 'key-killed':
    case 'issuer-cut':
      return ALREADY; // every key of the backup and each whose kill NATS has is killed, and the issuer raised
    case 'client-disabled':
    case 'client-proof-ended':
      return await dispositionOfClient(tx, later);
    default:
      return await dispositionOfUser(tx, later);
  }
}

async function dispositionOfClient(
  tx: Transaction,
  { what, client }: Extract<LaterEvent, { client: unknown }>,
): Promise<Disposition> {
  const [row] = await tx.select().from(clients).where(eq(clients.id, client));
  if (row === undefined || row.disabledAt !== null) return ALREADY;
  if (client === FIRST_PARTY_CLIENT) return byHand('users log in through this client');
  const provesNothing = row.secretHash === null && row.jwks === null;
  return what === 'client-proof-ended' && provesNothing ? ALREADY : REPEAT;
}

async function dispositionOfUser(
  tx: Transaction,
  later: Extract<LaterEvent, { user: unknown }>,
): Promise<Disposition> {
  const [row] = await tx.select().from(users).where(eq(users.id, later.user));
  if (later.what === 'registered') {
    return row === undefined ? byHand('this account is lost; it has to register again') : ALREADY;
  }
  if (row === undefined) {
    return later.what === 'deleted' ? ALREADY : byHand('this account is lost');
  }
  if (row.status === 'deleted') return ALREADY;
  switch (later.what) {
    case 'enabled':
      return row.status === 'active' ? ALREADY : byHand('enable it again if it is to log in');
    case 'disabled':
      return row.status === 'disabled' ? ALREADY : REPEAT;
    case 'roles-changed':
      return sorted(row.roles) === sorted(later.roles) ? ALREADY : REPEAT;
    case 'address-changed': {
      const { key } = plainAddress(later.email);
      if (row.emailKey === key) return ALREADY;
      const taken = await tx
        .select({ id: users.id })
        .from(users)
        .where(and(eq(users.emailKey, key), ne(users.id, later.user)));
      return taken.length === 0 ? REPEAT : byHand(`${taken[0]?.id} has that address here`);
    }
    case 'renamed':
      return row.name === later.name ? ALREADY : REPEAT;
    case 'password-changed':
      return row.passwordHash === null ? ALREADY : REPEAT;
    case 'deleted':
      return REPEAT;
  }
}

const sorted = (roles: readonly string[]): string => roles.toSorted().join();

/** Does it again. Sessions have ended already, so that only what comes next is different. */
export async function repeatEvent(change: Change, later: LaterEvent): Promise<void> {
  const audit = async (entry: Pick<AuditEntry, 'action' | 'target'>): Promise<void> =>
    await change.audit({ ...entry, detail: { repeats: later.event } });
  switch (later.what) {
    case 'client-disabled':
      await endClient(change, later, 'client_disabled', { disabledAt: sql`clock_timestamp()` });
      return await audit({
        action: 'client.disabled',
        target: { kind: 'client', id: later.client },
      });
    case 'client-proof-ended':
      // What it proved itself with was replaced: the former secret may be in other hands.
      await endClient(change, later, 'credential_change', { secretHash: null, jwks: null });
      return await audit({
        action: 'client.proof-ended',
        target: { kind: 'client', id: later.client },
      });
    case 'key-killed':
    case 'issuer-cut':
    case 'registered':
    case 'enabled':
      return;
    default:
      await repeatOnUser(change, later);
      await audit({ action: `account.${later.what}`, target: { kind: 'user', id: later.user } });
  }
}

async function endClient(
  { tx, revoke }: Change,
  { client }: Extract<LaterEvent, { client: unknown }>,
  reason: 'client_disabled' | 'credential_change',
  state: Partial<Record<'disabledAt' | 'secretHash' | 'jwks', ReturnType<typeof sql> | null>>,
): Promise<void> {
  const [row] = await tx
    .update(clients)
    .set({
      ...state,
      previousSecretHash: null,
      previousSecretUntil: null,
      generation: sql`${clients.generation} + 1`,
    })
    .where(eq(clients.id, client))
    .returning();
  if (row === undefined) throw new Error('a client vanished while locked');
  await revoke({ kind: 'client', key: client, generation: row.generation }, reason);
}

async function repeatOnUser(
  change: Change,
  later: Extract<LaterEvent, { user: UserId }>,
): Promise<void> {
  const { user: id } = later;
  switch (later.what) {
    case 'deleted':
      await deleteAccount(change, id);
      return;
    case 'disabled':
      await revokeAccess(change, id, 'sessions', 'account_disabled', {
        status: 'disabled',
        ...NEXT_CREDENTIAL,
      });
      await change.publish({ type: 'disabled', user_id: id });
      return;
    case 'roles-changed':
      await revokeAccess(change, id, 'claims', 'token_claims_change', { roles: later.roles });
      await change.publish({ type: 'roles-changed', user_id: id, roles: later.roles });
      return;
    case 'address-changed': {
      const { email, key } = plainAddress(later.email);
      await revokeAccess(change, id, 'sessions', 'credential_change', {
        email,
        emailKey: key,
        emailVerifiedAt: sql`clock_timestamp()`,
        ...NEXT_CREDENTIAL,
      });
      await change.publish({ type: 'email-changed', user_id: id, email });
      return;
    }
    case 'renamed':
      await change.tx.update(users).set({ name: later.name }).where(eq(users.id, id));
      await change.publish({ type: 'profile-changed', user_id: id, name: later.name });
      return;
    case 'password-changed':
      // The backup has the password before, which its owner has replaced. A link by mail gives another.
      await revokeAccess(change, id, 'sessions', 'credential_change', {
        passwordHash: null,
        ...NEXT_CREDENTIAL,
      });
      return;
    case 'registered':
    case 'enabled': // for an operator to decide
  }
}
