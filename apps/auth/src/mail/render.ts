/** Decides, at the moment of sending, the recipient and the text of a mail. */
import { and, eq, ne } from 'drizzle-orm';
import { emailKey } from '../users/email-key.ts';
import { yieldsToProof } from '../users/unproven-claim.ts';
import { makeLink } from '../link/link.ts';
import type { LinkPurpose, MailKind } from '../database/schema/mail.ts';
import type { LinkTokens } from '../link/link-tokens.ts';
import type { Database, Transaction } from '../database/database.ts';
import { mails, users } from '../database/schema/index.ts';
import type { MailMessage } from './catalogue.ts';
import { isOverMailLimit } from './throttled.ts';
import { mailText, type LinkPages } from './templates.ts';
import { isStillDue } from './mail-rules.ts';

export interface RenderDependencies {
  database: Database;
  tokens: LinkTokens;
  pages: LinkPages;
}

type Mail = typeof mails.$inferSelect;
type User = typeof users.$inferSelect;

/** What the mail comes to, and the account that it is about, as that was under its lock. */
interface Addressed {
  kind: MailKind;
  user: User;
  to: string;
  /** The account that the link deletes. */
  displaced: User | null;
}

export interface RenderedMail extends Addressed {
  message: MailMessage;
}

const PURPOSES: Partial<Record<MailKind, LinkPurpose>> = {
  'verify-email': 'verify-email',
  'resend-verification': 'verify-email',
  'reset-password': 'reset-password',
  'confirm-email-change': 'change-email',
};

export async function renderMail(
  { database, tokens, pages }: RenderDependencies,
  mail: Mail,
): Promise<RenderedMail | 'obsolete' | 'throttled'> {
  const { id, address } = mail;
  if (address === null) return 'obsolete';
  return await database.transaction(async (tx) => {
    const owner = await ownerOf(tx, mail, address);
    if (owner === undefined) return 'obsolete';
    if (mail.userId === null) {
      await tx.update(mails).set({ userId: owner.id }).where(eq(mails.id, id));
    }
    if (!isStillDue(mail.kind, mail, owner)) return 'obsolete';
    const addressed = await addresseeOf(tx, mail, owner, address);
    if (addressed === null) return 'obsolete';
    const { kind, user, to, displaced } = addressed;
    const purpose = purposeOf(addressed);
    const newEmail = purpose === 'change-email' ? to : null;
    const link = purpose === null ? null : { purpose, user, newEmail };
    if (await isOverMailLimit(tx, mail, owner, link)) return 'throttled';
    const token = link === null ? null : await makeLink(tx, tokens, { mail: id, ...link });
    if (link !== null && token === null) return 'obsolete';
    const text = mailText(kind, pages, {
      token,
      isActive: user.status === 'active',
      displaces: displaced?.status ?? null,
    });
    return { ...addressed, message: { id, to, ...text } };
  });
}

/** An account that was never verified gets the way to do that, instead of "log in", which may be refused. */
function purposeOf({ kind, user }: Addressed): LinkPurpose | null {
  if (kind !== 'already-registered') return PURPOSES[kind] ?? null;
  return user.emailVerifiedAt === null && user.status === 'active' ? 'verify-email' : null;
}

async function ownerOf(tx: Transaction, mail: Mail, address: string): Promise<User | undefined> {
  const byAddress = eq(users.emailKey, emailKey(address) ?? '');
  const [user] = await tx
    .select()
    .from(users)
    .where(mail.userId === null ? byAddress : eq(users.id, mail.userId))
    // Mails to one user are counted one after the other.
    .for('no key update');
  return user;
}

/**
 * Where an account was found by the key of an address, the letter goes to the address of the account and
 * not to the spelling that was asked with: only that one was given by its owner (RFC 5321 section 2.4).
 *
 * @returns null when the reason has gone
 */
async function addresseeOf(
  tx: Transaction,
  mail: Mail,
  owner: User,
  address: string,
): Promise<Addressed | null> {
  const { kind } = mail;
  const addressed = { kind, user: owner, to: address, displaced: null };
  switch (kind) {
    case 'verify-email':
    case 'resend-verification':
      if (owner.emailVerifiedAt !== null || owner.emailKey !== emailKey(address)) return null;
      return toAccount(kind, owner);
    case 'reset-password':
      return toAccount(kind, owner);
    case 'confirm-email-change': {
      const [holder] = await tx
        .select()
        .from(users)
        .where(and(eq(users.emailKey, emailKey(address) ?? ''), ne(users.id, owner.id)));
      if (holder === undefined) return addressed;
      if (yieldsToProof(holder)) {
        // Only the mailbox in that very spelling may disprove the holder's claim to the address.
        return { ...addressed, to: holder.email ?? address, displaced: holder };
      }
      // Its owner is written to, and the caller who asked is not.
      if (!isStillDue('already-registered', mail, holder)) return null;
      return toAccount('already-registered', holder);
    }
    default:
      return addressed;
  }
}

function toAccount(kind: MailKind, user: User): Addressed | null {
  return user.email === null ? null : { kind, user, to: user.email, displaced: null };
}
