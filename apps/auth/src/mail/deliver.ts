/**
 * Looks at one mail, and sends it if it is to be sent:
 *
 *   waiting → (letter written, link made) → handed over → settled
 *
 * The queue says when to look, and how often; whether there is anything to send, and who of several that
 * look at once sends it, Postgres says (handover.ts). So a look too many sends nothing.
 *
 * Only a mail that is still due (mail-rules.ts) is written and handed over: the statement that commits
 * "handed over" looks at the account as it is then. Of later changes, the link in the mail is checked.
 *
 * "Handed over" is committed before the server can have the whole mail. So:
 *
 * - Dead before that: no server has the mail, and it is sent by the next.
 * - Dead after that: what was written to the socket still leaves (the kernel sees to it), so the mail
 *   counts as sent, `unconfirmed`, and is not sent again. So it is after a process was stopped for longer
 *   than a hand-over lasts.
 * - A broken connection, with the process alive: it is sent again under the same Message-ID, as RFC
 *   5321 section 4.5.4.1 wants. A server that had taken it and could not say so has it twice.
 */
import { randomUUID } from 'node:crypto';
import type { MailId } from '@portcullis/contracts';
import type { Logger } from '@portcullis/service';
import type { LinkTokens } from '../link/link-tokens.ts';
import type { Database } from '../database/database.ts';
import type { MailKind, MailOutcome } from '../database/schema/mail.ts';
import {
  findUnsettled,
  giveUp,
  handOver,
  settleLapsed,
  settleMail,
  withdraw,
  type HandedOver,
  type Mail,
} from './handover.ts';
import type { LinkPages } from './templates.ts';
import { PermanentFailure, type MailTransport } from './transport.ts';
import { renderMail, type RenderedMail } from './render.ts';

export interface DeliveryDependencies {
  database: Database;
  tokens: LinkTokens;
  pages: LinkPages;
  transport: MailTransport;
  logger: Logger;
  settled(kind: MailKind, outcome: MailOutcome): void;
}

export interface Look {
  /** Gives up what is not handed over. */
  signal: AbortSignal;
  /** Whether the queue tries no more after this: the mail is a dead letter then, if it is old enough. */
  isLast: boolean;
}

/** @throws Error after which trying again makes sense */
export type DeliverMail = (id: MailId, look: Look) => Promise<void>;

export function createDeliverMail(dependencies: DeliveryDependencies): DeliverMail {
  const { database, transport } = dependencies;

  return async (id, look) => {
    const mail = await findUnsettled(database, id);
    if (mail === undefined) return;
    if (mail.handedOverAt !== null) {
      // Otherwise it is under way, and looked at again if it never ends.
      if (await settleLapsed(database, id)) note(dependencies, mail, 'unconfirmed');
      return;
    }
    if (!transport.sends) return await settle(dependencies, mail, 'disabled');
    const written = await renderMail(dependencies, mail);
    if (written === 'obsolete' || written === 'throttled') {
      return await settle(dependencies, mail, written);
    }
    await send(dependencies, mail, written, look);
  };
}

async function send(
  dependencies: DeliveryDependencies,
  mail: Mail,
  written: RenderedMail,
  { signal, isLast }: Look,
): Promise<void> {
  const { database, transport, logger } = dependencies;
  const fields = { mail: mail.id, kind: mail.kind };
  const mark = randomUUID();
  const asked: Promise<HandedOver | 'unknown'>[] = [];
  const beforeHandover = async (): Promise<void> => {
    const handing = handOver(database, mail.id, mark, written);
    asked.push(handing.catch(() => 'unknown' as const));
    const handed = await handing;
    if (handed !== 'handed over') throw new Error(`not handed over: ${handed}`);
  };
  try {
    await transport.send(written.message, beforeHandover, signal);
  } catch (error) {
    // A connection may break while the statement is under way; what counts is what became of that.
    const handed = await asked[0];
    if (handed === 'obsolete') return await settle(dependencies, mail, 'obsolete');
    if (handed === 'in other hands') return;
    if (error instanceof PermanentFailure) {
      logger.error({ err: error, ...fields }, 'mail rejected');
      return await settle(dependencies, mail, 'rejected', handed === undefined ? null : mark);
    }
    if (handed !== undefined) await withdraw(database, mail.id, mark);
    if (isLast && (await giveUp(database, mail.id))) {
      logger.error({ err: error, ...fields }, 'mail failed permanently');
      note(dependencies, mail, 'failed');
    }
    throw error;
  }
  await settle(dependencies, mail, 'sent', mark);
}

async function settle(
  dependencies: DeliveryDependencies,
  mail: Mail,
  outcome: MailOutcome,
  mark: string | null = null,
): Promise<void> {
  if (await settleMail(dependencies.database, mail.id, mark, outcome)) {
    note(dependencies, mail, outcome);
  }
}

function note({ logger, settled }: DeliveryDependencies, mail: Mail, outcome: MailOutcome): void {
  if (outcome === 'unconfirmed') logger.warn({ mail: mail.id }, 'mail counts as sent');
  settled(mail.kind, outcome);
}
