/** Mails that wait, and the end of those that are long over. */
import type { MailId } from '@portcullis/contracts';
import { and, asc, count, eq, gt, inArray, isNull, lte, or, sql } from 'drizzle-orm';
import type { Queryable, Transaction } from '../database/database.ts';
import { auditLog, auditOrigins, links, mails } from '../database/schema/index.ts';

/** A mail that was just written has its job from the process that wrote it. */
const SWEEP_GRACE = sql`interval '2 seconds'`;
const PAGE = 1_000;
const PRUNED_AT_ONCE = 100;
/** For how long the outcome of a mail, and of a link, is kept. */
const KEPT = sql`interval '30 days'`;

/** One page of the mails that are not being handed over just now, by their ids. @param after the last of the page before */
export async function findWaitingMails(on: Queryable, after: MailId | null): Promise<MailId[]> {
  const rows = await on
    .select({ id: mails.id })
    .from(mails)
    .where(
      and(
        isNull(mails.settledAt),
        lte(mails.createdAt, sql`clock_timestamp() - ${SWEEP_GRACE}`),
        or(isNull(mails.handoverLapsesAt), lte(mails.handoverLapsesAt, sql`clock_timestamp()`)),
        after === null ? undefined : gt(mails.id, after),
      ),
    )
    .orderBy(asc(mails.id))
    .limit(PAGE);
  return rows.map(({ id }) => id);
}

export async function countWaitingMails(on: Queryable): Promise<number> {
  const [row] = await on.select({ count: count() }).from(mails).where(isNull(mails.settledAt));
  return row?.count ?? 0;
}

/** Lets go of some of the mails and links that are long over. @returns whether there may be more */
export async function pruneMails(tx: Transaction): Promise<boolean> {
  const old = tx
    .select({ id: mails.id })
    .from(mails)
    .where(lte(mails.settledAt, sql`clock_timestamp() - ${KEPT}`))
    .limit(PRUNED_AT_ONCE);
  const gone = await tx.delete(mails).where(inArray(mails.id, old)).returning({ id: mails.id });
  // With the mail goes whose it was, and so the only way to forget from where it was asked for.
  const ids = gone.map(({ id }) => id);
  const asked = tx
    .select({ origin: auditLog.origin })
    .from(auditLog)
    .where(and(eq(auditLog.targetKind, 'mail'), inArray(auditLog.targetId, ids)));
  await tx.delete(auditOrigins).where(inArray(auditOrigins.commitment, asked));
  const dead = tx
    .select({ id: links.id })
    .from(links)
    .where(lte(links.expiresAt, sql`clock_timestamp() - ${KEPT}`))
    .limit(PRUNED_AT_ONCE);
  const deadLinks = await tx
    .delete(links)
    .where(inArray(links.id, dead))
    .returning({ id: links.id });
  return Math.max(gone.length, deadLinks.length) === PRUNED_AT_ONCE;
}
