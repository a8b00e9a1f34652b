/**
 * What was asked for under one credential is dead under the next, whether its mail was sent or not.
 *
 * A credential is the password, the address and the status of an account. `credential_version` counts
 * them: a statement that sets, changes or voids one of the three spreads `NEXT_CREDENTIAL` into its
 * UPDATE. Logging in and out, roles and names leave it alone.
 *
 * Invariants:
 * - A mail is written, and handed over, only under the version that it was asked for under (`isOfPresentCredential`, `accountIsUnder`); notices of what has happened go out all the same. Which
 *   kind is which, mail/mail-rules.ts says.
 * - A link carries the version that it was asked for under, and is used only under that one (link/link.ts).
 *
 * How the version of a request is known: every request takes the next number of one sequence, and so
 * does every new version (a trigger, so that no writer of the table can forget it). A request by
 * address may not look at the account, since that would take another time for an address without one:
 * it cannot read the version, but it has its number. Numbers are given at once and not at the commit,
 * and do not follow a clock. So a request that was answered before a change was asked for has the
 * smaller one; a request that was made after the change was answered has the greater one; of two at the
 * same time either may come first. A request that knows the account takes its number under the lock of
 * the account's row, as the change does: there the order is that of the commits.
 *
 * A request without a number is from before there were numbers, and counts as dead.
 */
import type { UserId } from '@portcullis/contracts';
import { inArray, sql, type SQL } from 'drizzle-orm';
import { mails, users, type links } from '../database/schema/index.ts';

type User = typeof users.$inferSelect;

/** For the UPDATE of an account whose password, address or status changes. */
export const NEXT_CREDENTIAL = { credentialVersion: sql`${users.credentialVersion} + 1` };

export function isOfPresentCredential(
  { askedOrder }: Pick<typeof mails.$inferSelect, 'askedOrder'>,
  { credentialOrder }: Pick<User, 'credentialOrder'>,
): boolean {
  return askedOrder !== null && askedOrder > (credentialOrder ?? 0);
}

/** The same, of rows in `mails`. */
export function askedUnderPresent({ credentialOrder }: Pick<User, 'credentialOrder'>): SQL {
  return sql`${mails.askedOrder} > ${credentialOrder ?? 0}`;
}

/**
 * For the statement that hands over or uses up: whether the account still has that version, and a
 * status that fits.
 *
 * @param version null: any
 */
export function accountIsUnder(
  user: UserId | typeof links.userId,
  version: number | typeof links.credentialVersion | null,
  statuses: readonly User['status'][],
): SQL {
  const same = version === null ? sql`true` : sql`${users.credentialVersion} = ${version}`;
  return sql`exists (select 1 from ${users} where ${users.id} = ${user}
    and ${inArray(users.status, statuses)} and ${same})`;
}
