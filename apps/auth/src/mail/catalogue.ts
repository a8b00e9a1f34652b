/**
 * The mails that there are. Each is an intent first: a row that is written in the transaction of its
 * cause, so that it is sent if and only if that has committed.
 *
 * Nothing that a client has chosen, apart from addresses, gets into a mail: an attacker could send text
 * of their own to other users.
 */
import type { MailId } from '@portcullis/contracts';

/** What is handed to a transport. */
export interface MailMessage {
  id: MailId;
  to: string;
  subject: string;
  text: string;
}
