/**
 * Links that prove that somebody reads an address.
 *
 * Invariants: a link works once, over all instances and restarts; for a short time; for its purpose;
 * and only while the account is active and has the password and the address that it had when the
 * link was made. All of that is decided by the one statement that uses it up.
 */
import { newId, Refusal, type LinkId, type MailId, type UserId } from '@portcullis/contracts';
import { and, eq, gt, inArray, isNull, sql } from 'drizzle-orm';
import type { Queryable, Transaction } from '../postgres/database.ts';
import { links, users } from '../postgres/schema/index.ts';
import { lockUser, type LockedUser } from '../session/lock-user.ts';
import { hashOfLinkToken, type LinkTokens } from './link-tokens.ts';

export type LinkPurpose = 'verify-email' | 'reset-password' | 'change-email';

/** Seconds. */
const LIFE: Readonly<Record<LinkPurpose, number>> = {
  'verify-email': 24 * 3600,
  'reset-password': 30 * 60,
  'change-email': 60 * 60,
};

type LinkRow = typeof links.$inferSelect;

export interface LinkWanted {
  /** The mail that it will stand in; a mail that is tried again has the same link. */
  mail?: MailId;
  purpose: LinkPurpose;
  user: { id: UserId; credentialVersion: number };
  newEmail?: string;
}

/** @returns the token, which is not stored */
export async function makeLink(
  on: Queryable,
  tokens: LinkTokens,
  { mail, purpose, user, newEmail }: LinkWanted,
): Promise<string> {
  const id: MailId | LinkId = mail ?? newId('lnk');
  const { text, hash } = tokens.of(id);
  const state = {
    credentialVersion: user.credentialVersion,
    expiresAt: sql`clock_timestamp() + make_interval(secs => ${LIFE[purpose]})`,
  };
  await on
    .insert(links)
    .values({ id, purpose, userId: user.id, tokenHash: hash, newEmail: newEmail ?? null, ...state })
    .onConflictDoUpdate({ target: links.id, set: state, setWhere: isNull(links.usedAt) });
  return text;
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
): Promise<{ link: LinkRow; user: LockedUser }> {
  const found = await findLink(tx, token, purposes);
  // The account first, as everything does that changes both; what changed it has committed then, and
  // the next statement sees it.
  const user = await lockUser(tx, found.userId);
  const [row] = await tx
    .update(links)
    .set({ usedAt: sql`clock_timestamp()` })
    .where(usable(found.tokenHash, purposes))
    .returning();
  if (row === undefined || user === undefined) throw new Refusal('invalid_link');
  return { link: row, user };
}

function usable(hash: Buffer, purposes: readonly LinkPurpose[]) {
  return and(
    eq(links.tokenHash, hash),
    inArray(links.purpose, purposes),
    isNull(links.usedAt),
    gt(links.expiresAt, sql`clock_timestamp()`),
    sql`exists (select 1 from ${users} where ${users.id} = ${links.userId}
      and ${users.status} = 'active' and ${users.credentialVersion} = ${links.credentialVersion})`,
  );
}
