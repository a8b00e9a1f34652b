/** Finds out, at the moment of sending, whom a mail is for and what it says. */
import { and, count, eq, gt, inArray, isNull, lt, ne, or, sql } from 'drizzle-orm';
import { emailKey } from '../account/email-key.ts';
import { makeLink, type LinkPurpose } from '../link/link.ts';
import type { LinkTokens } from '../link/link-tokens.ts';
import type { Database, Transaction } from '../postgres/database.ts';
import { mails, users } from '../postgres/schema/index.ts';
import type { Letter, MailKind } from './catalogue.ts';
import { letterText, type LinkPages } from './letters.ts';

/** Mails of one kind that an account is sent in an hour; whoever asks for more has them already. */
const MAX_AN_HOUR = 5;
/** Those that others can cause. A notice that something has happened is never held back. */
const BOUNDED: ReadonlySet<MailKind> = new Set<MailKind>([
  'verify-again',
  'reset-password',
  'already-registered',
  'confirm-email-change',
  'email-change-asked',
]);

export interface LetterDependencies {
  database: Database;
  tokens: LinkTokens;
  pages: LinkPages;
}

type Mail = typeof mails.$inferSelect;
type User = typeof users.$inferSelect;

const LINK_OF: Partial<Record<MailKind, LinkPurpose>> = {
  'verify-email': 'verify-email',
  'verify-again': 'verify-email',
  'reset-password': 'reset-password',
  'confirm-email-change': 'change-email',
};

export async function writeLetter(
  { database, tokens, pages }: LetterDependencies,
  mail: Mail,
): Promise<Letter | 'needless' | 'held-back'> {
  const { id, address } = mail;
  if (address === null) return 'needless';
  return await database.transaction(async (tx) => {
    const user = await ownerOf(tx, mail, address);
    if (user?.status !== 'active') return 'needless';
    if (mail.userId === null) {
      await tx.update(mails).set({ userId: user.id }).where(eq(mails.id, id));
    }
    if (await isTooMuch(tx, mail, user)) return 'held-back';
    const written = await kindFor(tx, mail.kind, user, address);
    if (written === null) return 'needless';
    const { kind, to } = written;
    const purpose = LINK_OF[kind];
    const token =
      purpose === undefined
        ? null
        : await makeLink(tx, tokens, {
            mail: id,
            purpose,
            user,
            ...(purpose === 'change-email' ? { newEmail: address } : {}),
          });
    return { id, to, ...letterText(kind, pages, token) };
  });
}

async function ownerOf(tx: Transaction, mail: Mail, address: string): Promise<User | undefined> {
  const byAddress = eq(users.emailKey, emailKey(address) ?? '');
  const [user] = await tx
    .select()
    .from(users)
    .where(mail.userId === null ? byAddress : eq(users.id, mail.userId))
    // Mails to one person are counted one after the other.
    .for('no key update');
  return user;
}

/**
 * Where an account was found by the key of an address, the letter goes to the address of the account and
 * not to the spelling that was asked with: only that one was given by its owner (RFC 5321 section 2.4).
 *
 * @returns null when the reason has gone
 */
async function kindFor(
  tx: Transaction,
  kind: MailKind,
  user: User,
  address: string,
): Promise<{ kind: MailKind; to: string } | null> {
  switch (kind) {
    case 'verify-email':
    case 'verify-again':
      if (user.emailVerifiedAt !== null || user.emailKey !== emailKey(address)) return null;
      return toAccount(kind, user);
    case 'reset-password':
      return toAccount(kind, user);
    case 'confirm-email-change': {
      // Its owner is told, and whoever asked is not.
      const [owner] = await tx
        .select({ email: users.email })
        .from(users)
        .where(and(eq(users.emailKey, emailKey(address) ?? ''), ne(users.id, user.id)));
      return owner === undefined ? { kind, to: address } : toAccount('already-registered', owner);
    }
    default:
      return { kind, to: address };
  }
}

function toAccount(kind: MailKind, { email }: Pick<User, 'email'>) {
  return email === null ? null : { kind, to: email };
}

/** Who is written to by an address is known when a mail is worked on, and counts from then on. */
function waitingBefore({ id, userId }: Mail) {
  return and(isNull(mails.outcome), userId === null ? undefined : lt(mails.id, id));
}

async function isTooMuch(tx: Transaction, mail: Mail, user: User): Promise<boolean> {
  const { id, kind } = mail;
  if (!BOUNDED.has(kind)) return false;
  const [sent] = await tx
    .select({ count: count() })
    .from(mails)
    .where(
      and(
        eq(mails.userId, user.id),
        eq(mails.kind, kind),
        ne(mails.id, id),
        or(inArray(mails.outcome, ['sent', 'doubtful']), waitingBefore(mail)),
        gt(mails.createdAt, sql`clock_timestamp() - interval '1 hour'`),
      ),
    );
  return (sent?.count ?? 0) >= MAX_AN_HOUR;
}
