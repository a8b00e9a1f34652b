/**
 * How many mails of one kind an account is sent, where others can cause them.
 *
 * Invariant: a mail with a link is held back only while its receiver has one that does the same and
 * will for long enough: unused, under the present credential, to the same address, and with half of its
 * life to go; or while such a mail waits before it. So asking for mails in the name of an owner never
 * keeps the owner from getting a link that works, and no count lasts longer than the links it counts.
 * What goes to the mailbox of another user is counted across the asker's credentials: a new password of
 * the asker must not begin a new count of mails to others.
 */
import { and, eq, gt, inArray, isNull, lt, ne, or, sql } from 'drizzle-orm';
import { askedUnderPresent } from '../users/credential.ts';
import { emailKey } from '../users/email-key.ts';
import { workingLinks } from '../link/link.ts';
import type { LinkPurpose, MailKind } from '../database/schema/mail.ts';
import type { Transaction } from '../database/database.ts';
import { links, mails, type users } from '../database/schema/index.ts';

/** Mails of one kind in an hour, before it is looked whether there is a link. */
const MAX_AN_HOUR = 5;

/** Those that others can cause. A notice that something has happened is never held back. */
const BOUNDED: ReadonlySet<MailKind> = new Set<MailKind>([
  'resend-verification',
  'reset-password',
  'already-registered',
  'confirm-email-change',
  'email-change-requested',
]);

type Mail = typeof mails.$inferSelect;
type User = typeof users.$inferSelect;

export interface LinkToCome {
  purpose: LinkPurpose;
  /** The recipient. */
  user: User;
  newEmail: string | null;
}

/** @param asker whose mails are counted; the caller holds the row */
export async function isOverMailLimit(
  tx: Transaction,
  mail: Mail,
  asker: User,
  link: LinkToCome | null,
): Promise<boolean> {
  if (!BOUNDED.has(mail.kind)) return false;
  const present = sql<boolean>`coalesce(${askedUnderPresent(asker)}, false)`;
  const lately = await tx
    .select({ outcome: mails.outcome, address: mails.address, isPresent: present })
    .from(mails)
    .where(
      and(
        eq(mails.userId, asker.id),
        eq(mails.kind, mail.kind),
        ne(mails.id, mail.id),
        mail.kind === 'confirm-email-change' ? undefined : present,
        or(inArray(mails.outcome, ['sent', 'unconfirmed']), waitingBefore(mail)),
        gt(mails.createdAt, sql`clock_timestamp() - interval '1 hour'`),
      ),
    );
  if (lately.length < MAX_AN_HOUR) return false;
  if (link === null) return true;
  const isSame = (address: string | null) =>
    link.newEmail === null || (address !== null && emailKey(address) === emailKey(link.newEmail));
  const isToCome = ({ outcome, address, isPresent }: (typeof lately)[number]) =>
    outcome === null && isPresent && isSame(address);
  if (lately.some(isToCome)) return true;
  const working = await tx
    .select({ newEmail: links.newEmail })
    .from(links)
    .innerJoin(mails, eq(mails.id, links.id))
    .where(
      and(workingLinks(link.user, link.purpose), inArray(mails.outcome, ['sent', 'unconfirmed'])),
    );
  return working.some(({ newEmail }) => isSame(newEmail));
}

/** Who is written to by an address is known when a mail is worked on, and counts from then on. */
function waitingBefore({ id, userId }: Mail) {
  return and(isNull(mails.outcome), userId === null ? undefined : lt(mails.id, id));
}
