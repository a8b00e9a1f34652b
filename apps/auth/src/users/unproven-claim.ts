import type { links, users } from '../database/schema/index.ts';

type User = typeof users.$inferSelect;

/**
 * Whether an account only claims its address and gives way to another that proves to read the mailbox:
 * it was never verified. One with roles does not: an administrator has vouched for it, and its address is
 * proven with a link of its own.
 */
export function yieldsToProof({
  emailVerifiedAt,
  roles,
}: Pick<User, 'emailVerifiedAt' | 'roles'>): boolean {
  return emailVerifiedAt === null && roles.length === 0;
}

/**
 * Whether the letter with the link could say that the account is deleted: it was there when the link was
 * made. One that was registered since, with a link of its own in the same mailbox, is lost only if it was never
 * logged in to: a user who mistakes one letter for the other must not lose what is in use.
 */
export function couldBeNamed(
  { createdAt, lastLoginAt }: Pick<User, 'createdAt' | 'lastLoginAt'>,
  link: Pick<typeof links.$inferSelect, 'createdAt'>,
): boolean {
  return lastLoginAt === null || createdAt < link.createdAt;
}
