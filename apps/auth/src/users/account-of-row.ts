import type { Account } from '@portcullis/api';
import { Refusal } from '@portcullis/contracts';
import type { users } from '../database/schema/index.ts';

/** An account as administrators see it. A tombstone is not an account any more. */
export function accountOfRow(row: typeof users.$inferSelect): Account {
  if (row.status === 'deleted' || row.email === null) throw new Refusal('not_found');
  return {
    id: row.id,
    email: row.email,
    name: row.name,
    roles: row.roles,
    status: row.status,
    email_verified: row.emailVerifiedAt !== null,
    created_at: row.createdAt.toISOString(),
    last_login_at: row.lastLoginAt?.toISOString() ?? null,
  };
}
