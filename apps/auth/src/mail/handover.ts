/**
 * The hand-over of a mail: the one statement after which a server may have all of it.
 *
 *   waiting → handed over → settled
 *      ↑           │
 *      └───────────┘ withdrawn by its mark, before it lapses: the server has answered that it does
 *                    not have the mail, or the connection broke
 *
 * Invariant: of all that work on a mail at once, however they came to it, the one whose statement is
 * first hands it over. Until that is settled or withdrawn no other does. Only its own mark settles it or
 * withdraws it; a mark that has lapsed withdraws nothing, since its process was stopped or is dead: the
 * next that looks settles that mail as `unconfirmed`, and it is never handed over again.
 *
 * Beside 0.2.0: a mark stands where that one has its lease. So it works on no mail that is handed over
 * here, and its own lease is lost by a hand-over here. A mail that it has handed over is left alone here.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { MailId } from '@portcullis/contracts';
import { and, eq, gt, isNotNull, isNull, lte, or, sql } from 'drizzle-orm';
import type { Database } from '../database/database.ts';
import { mails } from '../database/schema/index.ts';
import type { MailOutcome } from '../database/schema/mail.ts';
import { stillDue } from './mail-rules.ts';
import type { RenderedMail } from './render.ts';
import { ANSWER_MS } from './transport.ts';

/** Longer than a transport waits for an answer, by what a slow machine takes to say so. Milliseconds. */
const LAPSE_MS = ANSWER_MS + 15_000;
/** Between two attempts to withdraw a mark. Milliseconds. */
const AGAIN_MS = 500;
/** Seconds, by Postgres. Younger ones are tried on, whatever the queue says of its attempts. */
const TRIED_FOR_S = 30 * 60;

export type Mail = typeof mails.$inferSelect;

const now = sql`clock_timestamp()`;

/** @param mark of its hand-over; null for a mail that is not handed over */
const inHand = (id: MailId, mark: string | null) =>
  and(
    eq(mails.id, id),
    isNull(mails.settledAt),
    mark === null ? isNull(mails.handedOverAt) : eq(mails.handover, mark),
  );

/** @returns undefined when it is settled, or gone with its account */
export async function findUnsettled(database: Database, id: MailId): Promise<Mail | undefined> {
  const [mail] = await database
    .select()
    .from(mails)
    .where(and(eq(mails.id, id), isNull(mails.settledAt)));
  return mail;
}

export type HandedOver = 'handed over' | 'obsolete' | 'in other hands';

/** @param mark a new one, with which it is settled or withdrawn */
export async function handOver(
  database: Database,
  id: MailId,
  mark: string,
  { kind, user }: RenderedMail,
): Promise<HandedOver> {
  const handed = await database
    .update(mails)
    .set({
      handedOverAt: now,
      handover: mark,
      handoverLapsesAt: sql`${now} + make_interval(secs => ${LAPSE_MS / 1_000})`,
    })
    .where(and(inHand(id, null), stillDue(kind, user)))
    .returning({ id: mails.id });
  if (handed.length > 0) return 'handed over';
  const free = await database.select({ id: mails.id }).from(mails).where(inHand(id, null));
  return free.length > 0 ? 'obsolete' : 'in other hands';
}

/**
 * For a mail that the server does not have. Asks on while Postgres is unavailable: a mark that is left
 * would have the mail count as sent. Does nothing once the mark has lapsed.
 *
 * @throws the error of Postgres, when it was unavailable until then
 */
export async function withdraw(database: Database, id: MailId, mark: string): Promise<void> {
  const until = performance.now() + LAPSE_MS;
  for (;;) {
    try {
      await database
        .update(mails)
        .set({ handedOverAt: null, handover: null, handoverLapsesAt: null })
        .where(and(inHand(id, mark), gt(mails.handoverLapsesAt, now)));
      return;
    } catch (error) {
      if (performance.now() > until) throw error;
      await sleep(AGAIN_MS);
    }
  }
}

const settled = (outcome: MailOutcome) => ({
  outcome,
  settledAt: now,
  // Not needed any more.
  address: null,
  handover: null,
  handoverLapsesAt: null,
});

/**
 * @param mark of its hand-over; null for a mail that is not handed over
 * @returns whether this settled it
 */
export async function settleMail(
  database: Database,
  id: MailId,
  mark: string | null,
  outcome: MailOutcome,
): Promise<boolean> {
  const rows = await database
    .update(mails)
    .set(settled(outcome))
    .where(inHand(id, mark))
    .returning({ id: mails.id });
  return rows.length > 0;
}

/** Who handed it over is dead, or was stopped for too long. @returns whether this settled it */
export async function settleLapsed(database: Database, id: MailId): Promise<boolean> {
  const lapsed = or(isNull(mails.handoverLapsesAt), lte(mails.handoverLapsesAt, now));
  const rows = await database
    .update(mails)
    .set(settled('unconfirmed'))
    .where(and(eq(mails.id, id), isNull(mails.settledAt), isNotNull(mails.handedOverAt), lapsed))
    .returning({ id: mails.id });
  return rows.length > 0;
}

/** The end of a mail that was tried for long enough. @returns false for one that is to be tried on */
export async function giveUp(database: Database, id: MailId): Promise<boolean> {
  const rows = await database
    .update(mails)
    .set(settled('failed'))
    .where(
      and(
        inHand(id, null),
        lte(mails.createdAt, sql`${now} - make_interval(secs => ${TRIED_FOR_S})`),
      ),
    )
    .returning({ id: mails.id });
  return rows.length > 0;
}
