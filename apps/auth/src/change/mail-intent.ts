import type { UserId } from '@portcullis/contracts';
import type { MailByAddress, MailToOwner } from '../database/schema/mail.ts';

/** A mail that is written in the transaction of its cause. */
export type MailIntent =
  { kind: MailByAddress; address: string } | { kind: MailToOwner; address: string; userId: UserId };
