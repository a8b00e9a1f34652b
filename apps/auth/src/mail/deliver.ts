/**
 * Sends one mail, by these steps, each committed before the next:
 *
 *   waiting → claimed → (letter written, link made) → handed over → settled
 *
 * Written, and handed over, is only what is still due (mail-rules.ts): the statement that commits "handed
 * over" looks at the account as it is then. What changes later, the link in the mail is checked for.
 *
 * Whoever holds the claim works on the mail and renews the claim; when its process dies, another
 * takes it over. "Handed over" is committed only by the holder of the claim, and before the server
 * can have the whole mail. So:
 *
 * - Dead before that: no server has the mail, and it is sent by the next.
 * - Dead after that: what was written to the socket still leaves (the kernel sees to it), so the mail
 *   counts as sent, `doubtful`, and is not sent again.
 * - A broken connection, with the process alive: it is sent again under the same Message-ID, as RFC
 *   5321 section 4.5.4.1 wants. A server that had taken it and could not say so has it twice.
 */
import { randomUUID } from 'node:crypto';
import type { MailId } from '@portcullis/contracts';
import type { Logger } from '@portcullis/service';
import { systemClock } from '@portcullis/verify';
import { and, eq, gt, isNull, lte, or, sql } from 'drizzle-orm';
import type { LinkTokens } from '../link/link-tokens.ts';
import type { Database } from '../database/database.ts';
import { mails } from '../database/schema/index.ts';
import { every } from '../timing/every.ts';
import type { MailKind, MailOutcome } from '../database/schema/mail.ts';
import type { LinkPages } from './letters.ts';
import { RefusedForGood, type MailTransport } from './transport.ts';
import { stillDue } from './mail-rules.ts';
import { writeLetter, type WrittenLetter } from './write-letter.ts';

/** Milliseconds that a claim lasts, and after which it is renewed. */
const CLAIM = 10_000;
const RENEW = 3_000;
/** Attempts in all; with the queue's back-off the last of them is made after more than an hour. */
export const MAX_ATTEMPTS = 12;

export interface DeliveryDependencies {
  database: Database;
  tokens: LinkTokens;
  pages: LinkPages;
  transport: MailTransport;
  logger: Logger;
  settled(kind: MailKind, outcome: MailOutcome): void;
}

type Mail = typeof mails.$inferSelect;

/** The mail is a dead letter: it was tried as often as it is tried. */
export class GivenUp extends Error {
  override readonly name = 'GivenUp';
}

/** @throws GivenUp, or another error after which trying again makes sense */
export type DeliverMail = (id: MailId, signal: AbortSignal) => Promise<void>;

export function createDeliverMail(dependencies: DeliveryDependencies): DeliverMail {
  const { database, transport, logger } = dependencies;

  return async (id, signal) => {
    const mail = await claimMail(database, id);
    if (mail === undefined) return; // settled already, or in other hands
    if (mail.handedOverAt !== null) return await settle(mail, 'doubtful');
    if (!transport.sends) return await settle(mail, 'unsent');

    const lost = new AbortController();
    const stopRenewing = every(
      systemClock,
      RENEW,
      async () => {
        if (!(await renewClaim(database, mail))) lost.abort(new Error('the claim was lost'));
      },
      (error) => logger.warn({ err: error, mail: id }, 'claim on a mail not renewed'),
    );
    try {
      const written = await writeLetter(dependencies, mail);
      if (written === 'needless' || written === 'held-back') return await settle(mail, written);
      await send(mail, written, AbortSignal.any([signal, lost.signal]));
    } finally {
      await stopRenewing();
    }
  };

  async function send(mail: Mail, written: WrittenLetter, signal: AbortSignal): Promise<void> {
    let isNeedless = false;
    const lastMoment = async (): Promise<void> => {
      const handed = await handOver(database, mail, written);
      isNeedless = handed === 'needless';
      if (handed !== 'handed over') throw new Error(`not handed over: ${handed}`);
    };
    try {
      await transport.send(written.letter, lastMoment, signal);
    } catch (error) {
      if (isNeedless) return await settle(mail, 'needless');
      if (error instanceof RefusedForGood) {
        logger.error({ err: error, mail: mail.id, kind: mail.kind }, 'mail refused');
        return await settle(mail, 'refused');
      }
      if (mail.attempts < MAX_ATTEMPTS) {
        await release(database, mail);
        throw error;
      }
      logger.error({ err: error, mail: mail.id, kind: mail.kind }, 'mail given up');
      await settle(mail, 'failed');
      throw new GivenUp('tried too often', { cause: error });
    }
    await settle(mail, 'sent');
  }

  /** Lets go of the address as well: it is not needed any more. */
  async function settle(mail: Mail, outcome: MailOutcome): Promise<void> {
    const settled = await database
      .update(mails)
      .set({
        outcome,
        settledAt: sql`clock_timestamp()`,
        address: null,
        claim: null,
        claimedUntil: null,
      })
      .where(and(eq(mails.id, mail.id), isNull(mails.settledAt), heldBy(mail)))
      .returning({ id: mails.id });
    if (settled.length === 0) return;
    if (outcome === 'doubtful') logger.warn({ mail: mail.id }, 'mail counts as sent');
    dependencies.settled(mail.kind, outcome);
  }
}

const claimEnd = sql`clock_timestamp() + make_interval(secs => ${CLAIM / 1_000})`;
const heldBy = (mail: Mail) => (mail.claim === null ? sql`false` : eq(mails.claim, mail.claim));

async function claimMail(database: Database, id: MailId): Promise<Mail | undefined> {
  const [mail] = await database
    .update(mails)
    .set({ claim: randomUUID(), claimedUntil: claimEnd, attempts: sql`${mails.attempts} + 1` })
    .where(
      and(
        eq(mails.id, id),
        isNull(mails.settledAt),
        or(isNull(mails.claimedUntil), lte(mails.claimedUntil, sql`clock_timestamp()`)),
      ),
    )
    .returning();
  return mail;
}

async function renewClaim(database: Database, mail: Mail): Promise<boolean> {
  const renewed = await database
    .update(mails)
    .set({ claimedUntil: claimEnd })
    .where(and(eq(mails.id, mail.id), heldBy(mail)))
    .returning({ id: mails.id });
  return renewed.length > 0;
}

async function handOver(
  database: Database,
  mail: Mail,
  { kind, user }: WrittenLetter,
): Promise<'handed over' | 'needless' | 'the claim was lost'> {
  const claimed = and(
    eq(mails.id, mail.id),
    heldBy(mail),
    gt(mails.claimedUntil, sql`clock_timestamp()`),
  );
  const handed = await database
    .update(mails)
    .set({ handedOverAt: sql`clock_timestamp()` })
    .where(and(claimed, stillDue(kind, user)))
    .returning({ id: mails.id });
  if (handed.length > 0) return 'handed over';
  const held = await database.select({ id: mails.id }).from(mails).where(claimed);
  return held.length > 0 ? 'needless' : 'the claim was lost';
}

async function release(database: Database, mail: Mail): Promise<void> {
  await database
    .update(mails)
    .set({ claim: null, claimedUntil: null, handedOverAt: null })
    .where(and(eq(mails.id, mail.id), heldBy(mail)));
}
