/**
 * The mails that there are. Each is an intent first: a row that is written in the transaction of its
 * cause, so that it is sent if and only if that has committed.
 *
 * Nothing that a client has chosen, apart from addresses, gets into a mail: it would be a way to send
 * one's own text to strangers.
 */
import type { MailId, UserId } from '@portcullis/contracts';

/** To an address; whether it belongs to somebody is looked up when the mail is sent. */
export type MailByAddress = 'reset-password' | 'verify-again';

/** To the owner of an account, or to the address that is to become the owner's. */
export type MailToOwner =
  | 'verify-email'
  | 'already-registered'
  | 'confirm-email-change'
  | 'email-change-asked'
  | 'email-changed'
  | 'password-changed'
  | 'session-ended-by-reuse';

export type MailKind = MailByAddress | MailToOwner;

export type MailIntent =
  { kind: MailByAddress; address: string } | { kind: MailToOwner; address: string; userId: UserId };

/**
 * - `sent`: the server has taken it.
 * - `doubtful`: the process died between handing it over and the answer. The server has it, unless
 *   the whole machine went down in that moment; it is not sent a second time.
 * - `needless`: there is nobody at that address, or the reason has gone.
 * - `held-back`: this account was sent too many of the kind lately.
 * - `unsent`: the configuration says that no mail is sent.
 * - `refused`: the server refused it for good. `failed`: it could not be sent in all attempts.
 */
export type MailOutcome =
  'sent' | 'doubtful' | 'needless' | 'held-back' | 'unsent' | 'refused' | 'failed';

/** What is handed to a transport. */
export interface Letter {
  id: MailId;
  to: string;
  subject: string;
  text: string;
}
