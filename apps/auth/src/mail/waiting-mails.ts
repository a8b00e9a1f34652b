import type { MailId } from '@portcullis/contracts';
import { asc, and, count, eq, inArray, isNull, lte, or, sql } from 'drizzle-orm';
import type { Database } from '../database/database.ts';
import { auditLog, auditOrigins, links, mails } from '../database/schema/index.ts';

/** A mail that was just written has its job from the process that wrote it. */
const SWEEP_GRACE = sql`interval '2 seconds'`;
const AT_ONCE = 100;
/** For how long the outcome of a mail, and of a link, is kept. */
const KEPT = sql`interval '30 days'`;

export interface WaitingMails {
  /** Mails that no process is working on. */
  find(): Promise<MailId[]>;
  count(): Promise<number>;
  /** Lets go of what is long over. */
  prune(): Promise<void>;
}

export function postgresWaitingMails(database: Database): WaitingMails {
  return {
    async find() {
      const rows = await database
        .select({ id: mails.id })
        .from(mails)
        .where(
          and(
            isNull(mails.settledAt),
            lte(mails.createdAt, sql`clock_timestamp() - ${SWEEP_GRACE}`),
            or(isNull(mails.claimedUntil), lte(mails.claimedUntil, sql`clock_timestamp()`)),
          ),
        )
        .orderBy(asc(mails.createdAt))
        .limit(AT_ONCE);
      return rows.map(({ id }) => id);
    },
    async count() {
      const [row] = await database
        .select({ count: count() })
        .from(mails)
        .where(isNull(mails.settledAt));
      return row?.count ?? 0;
    },
    async prune() {
      const old = database
        .select({ id: mails.id })
        .from(mails)
        .where(lte(mails.settledAt, sql`clock_timestamp() - ${KEPT}`))
        .limit(AT_ONCE);
      await database.transaction(async (tx) => {
        const gone = await tx
          .delete(mails)
          .where(inArray(mails.id, old))
          .returning({ id: mails.id });
        // With the mail goes whose it was, and so the only way to forget from where it was asked for.
        const asked = tx
          .select({ origin: auditLog.origin })
          .from(auditLog)
          .where(
            and(
              eq(auditLog.targetKind, 'mail'),
              inArray(
                auditLog.targetId,
                gone.map(({ id }) => id),
              ),
            ),
          );
        await tx.delete(auditOrigins).where(inArray(auditOrigins.commitment, asked));
      });
      const dead = database
        .select({ id: links.id })
        .from(links)
        .where(lte(links.expiresAt, sql`clock_timestamp() - ${KEPT}`))
        .limit(AT_ONCE);
      await database.delete(links).where(inArray(links.id, dead));
    },
  };
}
