/**
 * Sends one mail, by these steps, each committed before the next:
 *
 *   waiting → claimed → (letter written, link made) → handed over → settled
 *
 * Only a mail that is still due (mail-rules.ts) is written and handed over: the statement that commits
 * "handed over" looks at the account as it is then. Of later changes, the link in the mail is checked.
 *
 * The holder of the claim works on the mail and renews the claim; when its process dies, another takes
 * it over. "Handed over" is committed only by the holder of the claim, and before the server can have
 * the whole mail. So:
 *
 * - Dead before that: no server has the mail, and it is sent by the next.
 * - Dead after that: what was written to the socket still leaves (the kernel sees to it), so the mail
 *   counts as sent, `unconfirmed`, and is not sent again.
 * - A broken connection, with the process alive: it is sent again under the same Message-ID, as RFC
 *   5321 section 4.5.4.1 wants. A server that had taken it and could not say so has it twice.
 */
import type { MailId } from '@portcullis/contracts';
import type { Logger } from '@portcullis/service';
import { systemClock } from '@portcullis/verify';
import type { LinkTokens } from '../link/link-tokens.ts';
import type { Database } from '../database/database.ts';
import { repeat } from '../timing/repeat.ts';
import type { MailKind, MailOutcome } from '../database/schema/mail.ts';
import {
  claimMail,
  handOver,
  release,
  RENEW_MS,
  renewClaim,
  settleMail,
  type Mail,
} from './claim.ts';
import type { LinkPages } from './templates.ts';
import { PermanentFailure, type MailTransport } from './transport.ts';
import { renderMail, type RenderedMail } from './render.ts';

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

/** The mail is a dead letter: it was tried as often as it is tried. */
export class AttemptsExhausted extends Error {
  override readonly name = 'AttemptsExhausted';
}

/** @throws AttemptsExhausted, or another error after which trying again makes sense */
export type DeliverMail = (id: MailId, signal: AbortSignal) => Promise<void>;

export function createDeliverMail(dependencies: DeliveryDependencies): DeliverMail {
  const { database, transport, logger } = dependencies;

  return async (id, signal) => {
    const mail = await claimMail(database, id);
    if (mail === undefined) return; // settled already, or in other hands
    if (mail.handedOverAt !== null) return await settle(dependencies, mail, 'unconfirmed');
    if (!transport.sends) return await settle(dependencies, mail, 'disabled');

    const lost = new AbortController();
    const stopRenewing = repeat(
      systemClock,
      RENEW_MS,
      async () => {
        if (!(await renewClaim(database, mail))) lost.abort(new Error('the claim was lost'));
      },
      (error) =>
        logger.warn(
          { err: error, mail: id },
          'lease on a mail not renewed; another instance may send it',
        ),
    );
    try {
      const written = await renderMail(dependencies, mail);
      if (written === 'obsolete' || written === 'throttled') {
        return await settle(dependencies, mail, written);
      }
      await send(dependencies, mail, written, AbortSignal.any([signal, lost.signal]));
    } finally {
      await stopRenewing();
    }
  };
}

async function send(
  dependencies: DeliveryDependencies,
  mail: Mail,
  written: RenderedMail,
  signal: AbortSignal,
): Promise<void> {
  const { database, transport, logger } = dependencies;
  let isObsolete = false;
  const beforeHandover = async (): Promise<void> => {
    const handed = await handOver(database, mail, written);
    isObsolete = handed === 'obsolete';
    if (handed !== 'handed over') throw new Error(`not handed over: ${handed}`);
  };
  try {
    await transport.send(written.message, beforeHandover, signal);
  } catch (error) {
    if (isObsolete) return await settle(dependencies, mail, 'obsolete');
    if (error instanceof PermanentFailure) {
      logger.error({ err: error, mail: mail.id, kind: mail.kind }, 'mail rejected');
      return await settle(dependencies, mail, 'rejected');
    }
    if (mail.attempts < MAX_ATTEMPTS) {
      await release(database, mail);
      throw error;
    }
    logger.error({ err: error, mail: mail.id, kind: mail.kind }, 'mail failed permanently');
    await settle(dependencies, mail, 'failed');
    throw new AttemptsExhausted('tried too often', { cause: error });
  }
  await settle(dependencies, mail, 'sent');
}

async function settle(
  dependencies: DeliveryDependencies,
  mail: Mail,
  outcome: MailOutcome,
): Promise<void> {
  if (!(await settleMail(dependencies.database, mail, outcome))) return;
  if (outcome === 'unconfirmed') dependencies.logger.warn({ mail: mail.id }, 'mail counts as sent');
  dependencies.settled(mail.kind, outcome);
}
