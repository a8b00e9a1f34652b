/**
 * The claim on a mail: the one process that holds it works on the mail, and renews it meanwhile.
 *
 * Invariant: a mail is claimed only while no claim on it lasts; every other statement here changes it only
 * for the holder of the claim.
 */
import { randomUUID } from 'node:crypto';
import type { MailId } from '@portcullis/contracts';
import { and, eq, gt, isNull, lte, or, sql } from 'drizzle-orm';
import type { Database } from '../database/database.ts';
import { mails } from '../database/schema/index.ts';
import type { MailOutcome } from '../database/schema/mail.ts';
import { stillDue } from './mail-rules.ts';
import type { RenderedMail } from './render.ts';

/** Milliseconds that a claim lasts, and after which it is renewed. */
const CLAIM_MS = 10_000;
export const RENEW_MS = 3_000;

export type Mail = typeof mails.$inferSelect;

const claimEnd = sql`clock_timestamp() + make_interval(secs => ${CLAIM_MS / 1_000})`;
const heldBy = (mail: Mail) => (mail.claim === null ? sql`false` : eq(mails.claim, mail.claim));

export async function claimMail(database: Database, id: MailId): Promise<Mail | undefined> {
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

export async function renewClaim(database: Database, mail: Mail): Promise<boolean> {
  const renewed = await database
    .update(mails)
    .set({ claimedUntil: claimEnd })
    .where(and(eq(mails.id, mail.id), heldBy(mail)))
    .returning({ id: mails.id });
  return renewed.length > 0;
}

export async function handOver(
  database: Database,
  mail: Mail,
  { kind, user }: RenderedMail,
): Promise<'handed over' | 'obsolete' | 'the claim was lost'> {
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
  return held.length > 0 ? 'obsolete' : 'the claim was lost';
}

export async function release(database: Database, mail: Mail): Promise<void> {
  await database
    .update(mails)
    .set({ claim: null, claimedUntil: null, handedOverAt: null })
    .where(and(eq(mails.id, mail.id), heldBy(mail)));
}

/** Lets go of the address as well: it is not needed any more. @returns whether this settled it */
export async function settleMail(
  database: Database,
  mail: Mail,
  outcome: MailOutcome,
): Promise<boolean> {
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
  return settled.length > 0;
}
