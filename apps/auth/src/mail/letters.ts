/** What the mails say. Plain text: nothing in it is fetched, and nothing hides behind a word. */
import type { MailKind } from './catalogue.ts';

/** Where the links lead; the rest of such an address is the token, behind a `#`. */
export interface LinkPages {
  /** Without a slash at the end. It comes from the configuration, and never from a request. */
  publicUrl: string;
}

export interface LetterText {
  subject: string;
  text: string;
}

/** Paths below the public address. A fragment is sent to no server and stands in no log. */
export const LINK_PATHS = {
  verify: '/account/verify-email',
  reset: '/account/reset-password',
} as const;

type Compose = (link: (page: keyof typeof LINK_PATHS) => string) => LetterText;

const NOT_YOU = 'If this was not you, ';
const RESET_HINT =
  'reset your password at once ("forgot password"), which also ends every session.';

const LETTERS: Readonly<Record<Exclude<MailKind, 'verify-again'>, Compose>> = {
  'verify-email': (link) => ({
    subject: 'Confirm your e-mail address',
    text:
      `Somebody has registered an account with this address. If it was you, confirm it here:\n\n` +
      `${link('verify')}\n\nThe link works once, for 24 hours.\n\n` +
      `${NOT_YOU}you need not do anything: an account with an address that was not confirmed is ` +
      "nobody's, and confirming it later discards whatever was done with it before.",
  }),
  'already-registered': () => ({
    subject: 'You have an account already',
    text:
      'Somebody has tried to register an account with this address, or to move one to it, but it ' +
      'belongs to an account already. Nothing was changed.\n\n' +
      'If it was you, log in, or choose "forgot password" if you do not remember the password. ' +
      `${NOT_YOU}you need not do anything.`,
  }),
  'reset-password': (link) => ({
    subject: 'Set a new password',
    text:
      `Somebody has asked for a new password for your account. Set it here:\n\n${link('reset')}\n\n` +
      'The link works once, for 30 minutes. Setting a new password ends every session.\n\n' +
      `${NOT_YOU}you need not do anything: without the link nobody can use it.`,
  }),
  'confirm-email-change': (link) => ({
    subject: 'Confirm your new e-mail address',
    text:
      `Somebody has asked to move an account to this address. Confirm it here:\n\n` +
      `${link('verify')}\n\nThe link works once, for an hour. Every session ends with it; log in ` +
      `again with the new address.\n\n${NOT_YOU}you need not do anything.`,
  }),
  'email-change-asked': () => ({
    subject: 'Somebody wants to change your e-mail address',
    text:
      'Somebody who is logged in has asked to move your account to another e-mail address. That ' +
      `happens when it is confirmed from there.\n\n${NOT_YOU}${RESET_HINT} It also makes the ` +
      'change impossible to confirm.',
  }),
  'email-changed': () => ({
    subject: 'Your e-mail address was changed',
    text:
      'The e-mail address of your account was changed, and every session has ended.\n\n' +
      `${NOT_YOU}tell whoever runs this service at once.`,
  }),
  'password-changed': () => ({
    subject: 'Your password was changed',
    text:
      'The password of your account was changed, and every session has ended.\n\n' +
      `${NOT_YOU}${RESET_HINT}`,
  }),
  'session-ended-by-reuse': () => ({
    subject: 'A session was ended for your safety',
    text:
      'Somebody has used a login of yours that had been used before. It may have been copied, so ' +
      `that session was ended; your others go on.\n\n${NOT_YOU}${RESET_HINT}`,
  }),
};

/** @param token of the link, for the kinds that have one */
export function letterText(
  kind: MailKind,
  { publicUrl }: LinkPages,
  token: string | null,
): LetterText {
  const link = (page: keyof typeof LINK_PATHS): string => {
    if (token === null) throw new Error(`a mail of kind ${kind} without its link`);
    return `${publicUrl}${LINK_PATHS[page]}#token=${token}`;
  };
  return LETTERS[kind === 'verify-again' ? 'verify-email' : kind](link);
}
