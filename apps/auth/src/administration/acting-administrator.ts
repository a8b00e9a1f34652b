/**
 * Changes that a machine client asks for in the name of an administrator. The client's scope was
 * checked by the router; that the administrator still may is checked here, in the transaction of the
 * change, so that the admin service cannot be used with a name that has lost its power (SPEC.md A15).
 */
import type { MachineCall } from '@portcullis/api';
import { Refusal, type Permission, type UserId } from '@portcullis/contracts';
import { and, asc, eq, inArray, isNotNull, sql } from 'drizzle-orm';
import { isEnforced } from '../access/enforced-access.ts';
import { lockAccess, type PresentAccess } from '../access/present-access.ts';
import type { Queryable, Transaction } from '../database/database.ts';
import { users } from '../database/schema/index.ts';
import type { AuditEntry } from '../change/unit-of-work.ts';

/** Key of the advisory lock under which the set of administrators changes. */
const ADMINISTRATORS_LOCK = 0x70_63_61_64;

type UserRow = typeof users.$inferSelect;

/** The entry with the machine client through which the administrator acted. */
export function withClientDetail(call: MachineCall, entry: AuditEntry): AuditEntry {
  return { ...entry, detail: { client: call.caller.client_id, ...entry.detail } };
}

/** What an administrator may do, as it is under the lock. */
export interface Acting {
  /** All permissions that the roles of the administrator carry together. */
  readonly held: ReadonlySet<string>;
  /** The role `admin`, which carries every permission that there is, was or will be. */
  readonly hasAll: boolean;
  readonly access: PresentAccess;
}

/** @throws Refusal `actor_refused` unless each of the permissions is held */
export function requireHeld({ held, hasAll }: Acting, permissions: Iterable<string>): void {
  if (hasAll) return;
  for (const one of permissions) if (!held.has(one)) throw new Refusal('actor_refused');
}

/**
 * What `admin` carries there will be more of, so that no list of permissions is all of it.
 *
 * @throws Refusal `actor_refused` unless all that the roles carry is held
 */
export function requireRolesHeld(acting: Acting, roles: readonly string[]): void {
  if (!acting.hasAll && roles.includes('admin')) throw new Refusal('actor_refused');
  requireHeld(acting, acting.access.rules.permissionsOfAll(roles));
}

/**
 * To be asked before roles are given.
 *
 * @throws Refusal `unavailable` while a verifier may go by a mapping of before the one that decided (SPEC.md A16)
 */
export async function requireSameEverywhere(
  tx: Transaction,
  { access, hasAll }: Acting,
  given: readonly string[],
): Promise<void> {
  // An administrator with all permissions gives none that is lacking; `support` carries the same by every mapping.
  if (hasAll || given.every((role) => role === 'support') || (await isEnforced(tx, access))) return;
  const cause = new Error(`not every verifier enforces the mapping ${access.config.number} yet`);
  throw new Refusal('unavailable', { retryAfter: 1, cause });
}

/**
 * Locks what roles carry, and then the administrator and the account, in the order of their ids, so that two
 * administrators who act on each other wait and do not deadlock.
 *
 * @returns the account as it is under the lock
 * @throws Refusal `actor_refused`, which is not about the machine client, also where the account holds a permission
 *   that the administrator lacks; `not_found` for an account that is none or was deleted
 */
export async function lockAccount(
  tx: Transaction,
  actor: UserId,
  target: UserId,
  needed: Permission,
): Promise<Acting & { account: UserRow }> {
  const locked = await lockBoth(tx, actor, target, needed);
  requireRolesHeld(locked, locked.account.roles);
  return locked;
}

/** The same, whatever the account holds: a session is ended for anyone, at once. */
export async function lockAccountToLogOut(
  tx: Transaction,
  actor: UserId,
  target: UserId,
  needed: Permission,
): Promise<void> {
  await lockBoth(tx, actor, target, needed);
}

async function lockBoth(
  tx: Transaction,
  actor: UserId,
  target: UserId,
  needed: Permission,
): Promise<Acting & { account: UserRow }> {
  const access = await lockAccess(tx);
  const rows = await tx
    .select()
    .from(users)
    .where(inArray(users.id, [actor, target]))
    .orderBy(asc(users.id))
    .for('no key update');
  const acting = actingAs(
    rows.find((row) => row.id === actor),
    access,
    needed,
  );
  const account = rows.find((row) => row.id === target);
  if (account === undefined || account.status === 'deleted') throw new Refusal('not_found');
  return { ...acting, account };
}

/** Like `lockAccount`, for what is not about an account. */
export async function lockActor(
  tx: Transaction,
  actor: UserId,
  needed: Permission,
): Promise<Acting> {
  const access = await lockAccess(tx);
  const [row] = await tx
    .select()
    .from(users)
    .where(inArray(users.id, [actor]))
    .for('no key update');
  return actingAs(row, access, needed);
}

function actingAs(row: UserRow | undefined, access: PresentAccess, needed: Permission): Acting {
  if (row?.status !== 'active') throw new Refusal('actor_refused');
  const held = access.rules.permissionsOfAll(row.roles);
  const acting = { held, hasAll: row.roles.includes('admin'), access };
  requireHeld(acting, [needed]);
  return acting;
}

/**
 * Changes that may remove an administrator go one after the other. Taken before any row is locked; with
 * it, two administrators who demote each other at once leave one.
 */
export async function lockAdministrators(tx: Transaction): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(${ADMINISTRATORS_LOCK})`);
}

/**
 * Called after the change, in its transaction, which does not commit if it took the role or the access
 * from an administrator and leaves none who can log in. Other changes pass: where none can log in
 * already, what is left must not stand still.
 */
export async function requireAnAdministrator(
  tx: Transaction,
  { before, after }: { before: UserRow; after: UserRow },
  requireVerifiedEmail: boolean,
): Promise<void> {
  if (!isAdministrator(before) || isAdministrator(after)) return;
  if (!(await hasAdministrator(tx, requireVerifiedEmail))) throw new Refusal('last_administrator');
}

function isAdministrator({ status, roles }: UserRow): boolean {
  return status === 'active' && roles.includes('admin');
}

/**
 * Whether there is an administrator who can log in, by the rules of login/log-in.ts: active, with a
 * password that is not void, and with a verified address where that is demanded.
 */
export async function hasAdministrator(
  on: Queryable,
  requireVerifiedEmail: boolean,
): Promise<boolean> {
  const found = await on
    .select({ id: users.id })
    .from(users)
    .where(
      and(
        eq(users.status, 'active'),
        sql`'admin' = any(${users.roles})`,
        isNotNull(users.passwordHash),
        requireVerifiedEmail ? isNotNull(users.emailVerifiedAt) : undefined,
      ),
    )
    .limit(1);
  return found.length > 0;
}
