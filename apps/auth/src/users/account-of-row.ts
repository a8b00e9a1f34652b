import type { Account } from '@portcullis/api';
import { Refusal, type Role } from '@portcullis/contracts';
import { role } from '@portcullis/contracts/schemas';
import type { users } from '../database/schema/index.ts';

/** An account as administrators see it. A tombstone is not an account any more. */
export function accountOfRow(row: typeof users.$inferSelect): Account {
  if (row.status === 'deleted' || row.email === null) throw new Refusal('not_found');
  return {
    id: row.id,
    email: row.email,
    name: row.name,
    roles: knownRoles(row.roles),
    status: row.status,
    email_verified: row.emailVerifiedAt !== null,
    created_at: row.createdAt.toISOString(),
    last_login_at: row.lastLoginAt?.toISOString() ?? null,
  };
}

/** A role that a newer version of this service has given means nothing to this one. */
export function knownRoles(stored: readonly string[]): Role[] {
  return stored.flatMap((name) => role.safeParse(name).data ?? []);
}
