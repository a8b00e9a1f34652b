/**
 * Links that prove that a user reads an address.
 *
 * Invariants: a link works once, over all instances and restarts; for a short time; for its purpose;
 * and only while the account is active and has the credential under which the link was asked for
 * (users/credential.ts). One that verifies an address works only while that is not verified. All of
 * it is decided by the one statement that uses the link up. A new link leaves those of before alone.
 */
import { newId, Refusal, type LinkId, type MailId, type UserId } from '@portcullis/contracts';
import { and, eq, gt, inArray, isNull, ne, or, sql, type SQL } from 'drizzle-orm';
import { accountIsUnder } from '../users/credential.ts';
import type { Queryable, Transaction } from '../database/database.ts';
import { links, users } from '../database/schema/index.ts';
import type { LinkPurpose } from '../database/schema/mail.ts';
import { lockUser, type LockedUser } from '../users/lock-user.ts';
import { hashOfLinkToken, type LinkTokens } from './link-tokens.ts';

/** Seconds. */
const LIFE_S: Readonly<Record<LinkPurpose, number>> = {
  'verify-email': 24 * 3600,
  'reset-password': 30 * 60,
  'change-email': 60 * 60,
};

type LinkRow = typeof links.$inferSelect;

export interface LinkWanted {
  /** The mail that it will stand in; a mail that is tried again has the same link, for its time anew. */
  mail?: MailId;
  purpose: LinkPurpose;
  user: { id: UserId; credentialVersion: number };
  newEmail?: string | null;
}

/**
 * The caller holds the row of the account.
 *
 * @returns the token, which is not stored; null when the mail has had a link already that is used up, or
 *   stood for something else
 */
export async function makeLink(
  on: Queryable,
  tokens: LinkTokens,
  { mail, purpose, user, newEmail = null }: LinkWanted,
): Promise<string | null> {
  const id: MailId | LinkId = mail ?? newId('lnk');
  const { text, hash } = tokens.of(id);
  const { credentialVersion } = user;
  const expiresAt = sql`clock_timestamp() + make_interval(secs => ${LIFE_S[purpose]})`;
  const made = await on
    .insert(links)
    .values({
      id,
      purpose,
      userId: user.id,
      tokenHash: hash,
      newEmail,
      credentialVersion,
      expiresAt,
    })
    .onConflictDoUpdate({
      target: links.id,
      set: { expiresAt },
      setWhere: sql`${links.usedAt} is null and ${links.purpose} = ${purpose}
        and ${links.userId} = ${user.id} and ${links.credentialVersion} = ${credentialVersion}
        and ${links.newEmail} is not distinct from ${newEmail}`,
    })
    .returning({ id: links.id });
  return made.length > 0 ? text : null;
}

/** Looks, and does not use it up: before work that a wrong token is not worth. */
export async function findLink(
  on: Queryable,
  token: string,
  purposes: readonly LinkPurpose[],
): Promise<LinkRow> {
  const hash = hashOfLinkToken(token);
  const [row] = hash === null ? [] : await on.select().from(links).where(usable(hash, purposes));
  if (row === undefined) throw new Refusal('invalid_link');
  return row;
}

/**
 * Uses the link up, and holds the row of its account from there on.
 *
 * @throws Refusal `invalid_link`
 */
export async function useLink(
  tx: Transaction,
  token: string,
  purposes: readonly LinkPurpose[],
): Promise<{ user: LockedUser }> {
  const found = await findLink(tx, token, purposes);
  // The account first, as everything does that changes both; what changed it has committed then, and
  // the next statement sees it.
  const user = await lockUser(tx, found.userId);
  await useFoundLink(tx, found);
  if (user === undefined) throw new Refusal('invalid_link');
  return { user };
}

/**
 * The same for a link that was found, and whose account is held already.
 *
 * @throws Refusal `invalid_link`
 */
export async function useFoundLink(tx: Transaction, found: LinkRow): Promise<void> {
  const [row] = await tx
    .update(links)
    .set({ usedAt: sql`clock_timestamp()` })
    .where(usable(found.tokenHash, [found.purpose]))
    .returning({ id: links.id });
  if (row === undefined) throw new Refusal('invalid_link');
}

/** Links for that that an account has, and that do for half of their life yet. The row of the account is held. */
export function workingLinks(
  user: { id: UserId; credentialVersion: number },
  purpose: LinkPurpose,
): SQL | undefined {
  return and(
    eq(links.userId, user.id),
    eq(links.purpose, purpose),
    eq(links.credentialVersion, user.credentialVersion),
    isNull(links.usedAt),
    gt(links.expiresAt, sql`clock_timestamp() + make_interval(secs => ${LIFE_S[purpose] / 2})`),
  );
}

const isUnverified = sql`exists (select 1 from ${users} where ${users.id} = ${links.userId}
  and ${users.emailVerifiedAt} is null)`;

function usable(hash: Buffer, purposes: readonly LinkPurpose[]) {
  return and(
    eq(links.tokenHash, hash),
    inArray(links.purpose, purposes),
    isNull(links.usedAt),
    gt(links.expiresAt, sql`clock_timestamp()`),
    accountIsUnder(links.userId, links.credentialVersion, ['active']),
    or(ne(links.purpose, 'verify-email'), isUnverified),
  );
}
