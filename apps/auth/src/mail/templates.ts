/** What the mails say. Plain text: nothing in it is fetched, and nothing hides behind a word. */
import type { MailKind } from '../database/schema/mail.ts';

/** Where the links lead; the rest of such an address is the token, behind a `#`. */
export interface LinkPages {
  /** Without a slash at the end. It comes from the configuration, and never from a request. */
  publicUrl: string;
}

export interface MailText {
  subject: string;
  text: string;
}

/** Paths below the public address. A fragment is sent to no server and stands in no log. */
export const LINK_PATHS = {
  verify: '/account/verify-email',
  reset: '/account/reset-password',
} as const;

/** What the state of the account changes in a letter. */
export interface MailState {
  /** The token of the link, where there is one. */
  token: string | null;
  /** Otherwise it is disabled: it can neither log in nor set a password. */
  isActive: boolean;
  /** Status of the account that the link deletes; null: none is there. */
  displaces: 'active' | 'disabled' | 'deleted' | null;
}

interface About extends MailState {
  link(page: keyof typeof LINK_PATHS): string;
  /** What to do about what was done by another user. */
  remedy: string;
}

type Compose = (about: About) => MailText;

const NOT_YOU = 'If this was not you, ';
const RESET_HINT =
  'reset your password at once ("forgot password"), which also ends every session.';
const OPERATOR_HINT = 'contact the operator of this service at once.';
/** A new password ends every session; codes that are known to others need new ones. */
const CODES_HINT =
  'reset your password at once ("forgot password"), which also ends every session, then log in and make ' +
  'new recovery codes.';

const TEMPLATES: Readonly<Record<Exclude<MailKind, 'resend-verification'>, Compose>> = {
  'verify-email': ({ link }) => ({
    subject: 'Confirm your e-mail address',
    text:
      `A request was made to register an account with this address. If it was you, confirm it here:\n\n` +
      `${link('verify')}\n\nThe link works once, for 24 hours.\n\n` +
      `${NOT_YOU}you need not do anything: an unconfirmed account has no owner, and ` +
      'confirming it later discards earlier changes.',
  }),
  'already-registered': (about) => ({
    subject: 'You have an account already',
    text:
      'There was a request to register an account with this address, or to move one to it, but it ' +
      `belongs to an account already. Nothing was changed.\n\n${wayInto(about)} ` +
      `${NOT_YOU}you need not do anything.`,
  }),
  'reset-password': ({ link }) => ({
    subject: 'Set a new password',
    text:
      `A request was made to set a new password for your account. Set it here:\n\n${link('reset')}\n\n` +
      'The link works once, for 30 minutes. Setting a new password ends every session.\n\n' +
      `${NOT_YOU}you need not do anything: without the link the request has no effect.`,
  }),
  'confirm-email-change': ({ link, displaces }) => ({
    subject: 'Confirm your new e-mail address',
    text:
      `A request was made to move an account to this address. Confirm it here:\n\n` +
      `${link('verify')}\n\nThe link works once, for an hour. Every session ends with it; log in ` +
      `again with the new address.\n\n${lossBy(displaces)}${NOT_YOU}you need not do anything.`,
  }),
  'email-change-requested': ({ isActive, remedy }) => ({
    subject: 'A change of your e-mail address was requested',
    text:
      'A request was made from your account to move it to another e-mail address. It takes effect ' +
      'when it is confirmed from there, unless your password or the status of your account ' +
      `has changed since.\n\n${NOT_YOU}${remedy}` +
      (isActive ? ' It also makes the change impossible to confirm.' : ''),
  }),
  'email-changed': () => ({
    subject: 'Your e-mail address was changed',
    text:
      'The e-mail address of your account was changed, and every session has ended.\n\n' +
      `${NOT_YOU}${OPERATOR_HINT}`,
  }),
  'password-changed': ({ remedy }) => ({
    subject: 'Your password was changed',
    text:
      'The password of your account was changed, and every session has ended.\n\n' +
      `${NOT_YOU}${remedy}`,
  }),
  'session-ended-by-reuse': ({ remedy }) => ({
    subject: 'A session was ended for your safety',
    text:
      'A refresh token of yours was used twice. It may have been copied, so that session was ended; ' +
      `your other sessions go on.\n\n${NOT_YOU}${remedy}`,
  }),
  'second-step-failed': ({ remedy }) => ({
    subject: 'A login to your account was refused',
    text:
      'The password of your account was right, and five answers to what was asked for next were wrong. ' +
      `The login was refused.\n\n${NOT_YOU}another has your password: ${remedy}`,
  }),
  'factor-enrolled': () => ({
    subject: 'Your account now asks for a code',
    text:
      'An authenticator app was added to your account, and every session has ended. From now on a login ' +
      `takes a code of it beside the password.\n\n${NOT_YOU}${OPERATOR_HINT}`,
  }),
  'factor-removed': ({ remedy }) => ({
    subject: 'Your account asks for no code any more',
    text:
      'The authenticator app of your account was removed, with its recovery codes. From now on a login ' +
      `takes the password alone.\n\n${NOT_YOU}${remedy}`,
  }),
  'recovery-codes-replaced': ({ isActive }) => ({
    subject: 'Your recovery codes were replaced',
    text:
      'New recovery codes were made for your account. Those of before work no more.\n\n' +
      `${NOT_YOU}${isActive ? CODES_HINT : OPERATOR_HINT}`,
  }),
  'recovery-code-used': ({ isActive }) => ({
    subject: 'A recovery code was used',
    text:
      'A recovery code of your account was used to log in, after the right password. It works no more.\n\n' +
      `${NOT_YOU}${isActive ? CODES_HINT : OPERATOR_HINT}`,
  }),
};

/** What the link of a change of address deletes: see users/unproven-claim.ts. */
function lossBy(displaces: MailState['displaces']): string {
  if (displaces === null) return '';
  return (
    'There is an account with this address, which was never confirmed. The link deletes it, with ' +
    'everything in it. ' +
    (displaces === 'active'
      ? 'If you use that account and want to keep it, do not use the link: choose "forgot password" ' +
        'with this address, which confirms it. '
      : '')
  );
}

/** For the owner of an account that exists: what is not refused in its state. */
function wayInto({ token, isActive, link }: About): string {
  if (!isActive) return 'If it was you, contact the operator of this service.';
  if (token === null) {
    return 'If it was you, log in, or choose "forgot password" if you do not remember the password.';
  }
  return (
    'Its address was not confirmed yet. If it was you, confirm it here, and set a new password if you ' +
    `do not know its password:\n\n${link('verify')}\n\nThe link works once, for 24 hours.`
  );
}

export function mailText(
  kind: MailKind,
  { publicUrl }: LinkPages,
  { token, isActive, displaces }: MailState,
): MailText {
  const link = (page: keyof typeof LINK_PATHS): string => {
    if (token === null) throw new Error(`a mail of kind ${kind} without its link`);
    return `${publicUrl}${LINK_PATHS[page]}#token=${token}`;
  };
  const remedy = isActive ? RESET_HINT : OPERATOR_HINT;
  return TEMPLATES[kind === 'resend-verification' ? 'verify-email' : kind]({
    token,
    isActive,
    displaces,
    link,
    remedy,
  });
}
