/**
 * Moves an account to the address that a link was sent to.
 *
 * The mailbox is proven by the link, so an account that only claims the address gives way
 * (`unproven-claim.ts`): it is deleted in the same transaction, with its sessions, and nothing of it
 * goes to the other. An account that has proven the address keeps it, disabled or not. So does, against
 * this link, one in use that its letter could not name; a new letter names it.
 *
 * Invariant: of all that want one address at once, the unique index lets one have it. Both accounts are
 * locked in the order of their ids, so that two who move to each other's address wait and do not
 * deadlock; who holds the address is looked up before the locks, and again under them. An account that
 * takes the address in between breaks the index, and the whole is done once more.
 */
import { Refusal, type UserId } from '@portcullis/contracts';
import { and, asc, eq, inArray, ne, sql } from 'drizzle-orm';
import { findLink, useFoundLink } from '../link/link.ts';
import type { Transaction } from '../database/database.ts';
import { users, type links } from '../database/schema/index.ts';
import type { Cause, Change, Changed, WithChange } from '../change/unit-of-work.ts';
import { NEXT_CREDENTIAL } from '../users/credential.ts';
import { revokeAccess } from '../session/revoke-access.ts';
import { deleteAccount } from './delete-account.ts';
import { plainAddress } from '../users/plain-address.ts';
import { couldBeNamed, yieldsToProof } from '../users/unproven-claim.ts';

type User = typeof users.$inferSelect;
type Link = typeof links.$inferSelect;

const MAX_ROUNDS = 3;

/**
 * @returns the key of the new address, and what was revoked, the moved account's last
 * @throws Refusal `invalid_link`
 */
export async function confirmEmailChange(
  withChange: WithChange,
  cause: Cause,
  token: string,
): Promise<Changed<string>> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    try {
      return await withChange(cause, (change) => move(change, token));
    } catch (error) {
      if (!isTaken(error)) throw error;
    }
  }
  throw new Refusal('unavailable', { retryAfter: 1 });
}

async function move(change: Change, token: string): Promise<string> {
  const { tx } = change;
  const link = await findLink(tx, token, ['change-email']);
  const { userId: id, newEmail } = link;
  if (newEmail === null) throw new Refusal('invalid_link');
  const { email, key } = plainAddress(newEmail);
  const { user, holder } = await lockBoth(tx, id, key);
  await useFoundLink(tx, link);
  const before = user?.email ?? null;
  if (before === null) throw new Refusal('invalid_link');
  if (holder !== undefined) await makeWay(change, holder, link);
  await revokeAccess(change, id, 'sessions', 'credential_change', {
    email,
    emailKey: key,
    emailVerifiedAt: sql`clock_timestamp()`,
    ...NEXT_CREDENTIAL,
  });
  for (const address of [before, email]) {
    await change.mail({ kind: 'email-changed', address, userId: id });
  }
  await change.publish({ type: 'email-changed', user_id: id, email });
  await change.audit({ action: 'account.email-changed', target: { kind: 'user', id } });
  return key;
}

/** @returns the account, and the other one that has the address */
async function lockBoth(
  tx: Transaction,
  mover: UserId,
  key: string,
): Promise<{ user: User | undefined; holder: User | undefined }> {
  const others = await tx
    .select({ id: users.id })
    .from(users)
    .where(and(eq(users.emailKey, key), ne(users.id, mover)));
  const locked = await tx
    .select()
    .from(users)
    .where(inArray(users.id, [mover, ...others.map(({ id }) => id)]))
    .orderBy(asc(users.id))
    .for('no key update');
  return {
    user: locked.find(({ id }) => id === mover),
    holder: locked.find(({ id, emailKey }) => id !== mover && emailKey === key),
  };
}

async function makeWay(change: Change, holder: User, link: Link): Promise<void> {
  if (!yieldsToProof(holder)) {
    throw new Refusal('invalid_link', { cause: new Error('the address is proven by another') });
  }
  if (!couldBeNamed(holder, link)) {
    throw new Refusal('invalid_link', {
      cause: new Error('its letter could not name the account'),
    });
  }
  await deleteAccount(change, holder.id);
  await change.audit({
    action: 'account.deleted',
    target: { kind: 'user', id: holder.id },
    detail: { reason: 'address_proven_by_another' },
  });
}

/** SQLSTATE 23505, unique_violation: of the addresses, which nothing else here can break. */
function isTaken(error: unknown): boolean {
  const cause = error instanceof Error ? (error.cause ?? error) : undefined;
  return cause instanceof Error && 'code' in cause && cause.code === '23505';
}
