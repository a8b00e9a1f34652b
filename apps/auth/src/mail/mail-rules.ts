/** Which mails are dead with the credential that they were asked under: see users/credential.ts. */
import type { SQL } from 'drizzle-orm';
import { accountIsUnder, isOfPresentCredential } from '../users/credential.ts';
import type { mails, users } from '../database/schema/index.ts';
import type { MailKind } from '../database/schema/mail.ts';

type User = typeof users.$inferSelect;

interface MailRule {
  /**
   * - `request`: lets its receiver do something, or was asked for and is worth nothing later. Dead under
   *   another credential.
   * - `notice`: says what has happened. Goes out regardless of later changes, and together with their
   *   mails.
   */
  is: 'request' | 'notice';
  /** Statuses of the account that it is sent for. A deleted one is sent nothing: it has no address. */
  statuses: readonly Exclude<User['status'], 'deleted'>[];
}

const REQUEST: MailRule = { is: 'request', statuses: ['active'] };
const NOTICE: MailRule = { is: 'notice', statuses: ['active', 'disabled'] };

const MAIL_RULES: Readonly<Record<MailKind, MailRule>> = {
  'verify-email': REQUEST,
  'resend-verification': REQUEST,
  'reset-password': REQUEST,
  'confirm-email-change': REQUEST,
  // May carry a link; says to the owner of a disabled account what is left to them.
  'already-registered': { is: 'request', statuses: ['active', 'disabled'] },
  'email-change-requested': NOTICE,
  'email-changed': NOTICE,
  'password-changed': NOTICE,
  'session-ended-by-reuse': NOTICE,
  'second-step-failed': NOTICE,
  'factor-enrolled': NOTICE,
  'factor-removed': NOTICE,
  'recovery-codes-replaced': NOTICE,
  'recovery-code-used': NOTICE,
};

/** Before it is written. The caller holds the row of the account. */
export function isStillDue(
  kind: MailKind,
  mail: Pick<typeof mails.$inferSelect, 'askedOrder'>,
  user: User,
): boolean {
  const { is, statuses } = MAIL_RULES[kind];
  const fits = statuses.some((status) => status === user.status);
  return fits && (is === 'notice' || isOfPresentCredential(mail, user));
}

/** In the statement that hands it over, for the account as it was when the mail was written. */
export function stillDue(kind: MailKind, user: Pick<User, 'id' | 'credentialVersion'>): SQL {
  const { is, statuses } = MAIL_RULES[kind];
  return accountIsUnder(user.id, is === 'notice' ? null : user.credentialVersion, statuses);
}
