import type { users } from '../postgres/schema/index.ts';

/**
 * Whether an account only claims its address and gives way to another that proves to read the mailbox:
 * it was never verified. One with roles does not: an administrator has vouched for it, and its address is
 * proven with a link of its own.
 */
export function yieldsToProof({
  emailVerifiedAt,
  roles,
}: Pick<typeof users.$inferSelect, 'emailVerifiedAt' | 'roles'>): boolean {
  return emailVerifiedAt === null && roles.length === 0;
}
