/**
 * Changes that a machine client asks for in the name of an administrator. The client's scope was
 * checked by the router; that the administrator still may is checked here, in the transaction of the
 * change, so that the admin service cannot be used with a name that has lost its power.
 */
import type { MachineCall } from '@portcullis/api';
import { Refusal, rolesAllow, type Permission, type UserId } from '@portcullis/contracts';
import { and, asc, eq, inArray, isNotNull, sql } from 'drizzle-orm';
import type { Queryable, Transaction } from '../database/database.ts';
import { users } from '../database/schema/index.ts';
import type { AuditEntry } from '../change/unit-of-work.ts';
import { knownRoles } from '../users/account-of-row.ts';

/** Key of the advisory lock under which the set of administrators changes. */
const ADMINISTRATORS_LOCK = 0x70_63_61_64;

/** The entry with the machine client through which the administrator acted. */
export function withClientDetail(call: MachineCall, entry: AuditEntry): AuditEntry {
  return { ...entry, detail: { client: call.caller.client_id, ...entry.detail } };
}

/**
 * Locks the administrator and the account, in the order of their ids, so that two administrators who
 * act on each other wait and do not deadlock.
 *
 * @returns the account as it is under the lock
 * @throws Refusal `actor_refused`, which is not about the machine client, or `not_found` for an account that is none or was deleted
 */
export async function lockAccount(
  tx: Transaction,
  actor: UserId,
  target: UserId,
  needed: Permission,
): Promise<typeof users.$inferSelect> {
  const rows = await tx
    .select()
    .from(users)
    .where(inArray(users.id, [actor, target]))
    .orderBy(asc(users.id))
    .for('no key update');
  requirePermission(
    rows.find((row) => row.id === actor),
    needed,
  );
  const account = rows.find((row) => row.id === target);
  if (account === undefined || account.status === 'deleted') throw new Refusal('not_found');
  return account;
}

/** Like `lockAccount`, for what is not about an account. Needs every one of the permissions. */
export async function lockActor(
  tx: Transaction,
  actor: UserId,
  ...needed: Permission[]
): Promise<void> {
  const [row] = await tx
    .select()
    .from(users)
    .where(inArray(users.id, [actor]))
    .for('no key update');
  for (const one of needed) requirePermission(row, one);
}

function requirePermission(row: typeof users.$inferSelect | undefined, needed: Permission): void {
  if (row?.status !== 'active' || !rolesAllow(knownRoles(row.roles), needed)) {
    throw new Refusal('actor_refused');
  }
}

/**
 * Changes that may remove an administrator go one after the other. Taken before any row is locked; with
 * it, two administrators who demote each other at once leave one.
 */
export async function lockAdministrators(tx: Transaction): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(${ADMINISTRATORS_LOCK})`);
}

type UserRow = typeof users.$inferSelect;

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
