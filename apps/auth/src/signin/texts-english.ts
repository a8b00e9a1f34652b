/** What the pages say in English; and what another language needs, or it does not compile. */
import type { ErrorCode } from '@portcullis/contracts';

export const ENGLISH = {
  signInTitle: 'Sign in',
  continueTo: 'to continue to',
  email: 'E-mail address',
  password: 'Password',
  signIn: 'Sign in',
  forgotLink: 'Forgot your password?',
  signUpLink: 'Create an account',
  signInLink: 'Sign in',
  stepTitle: 'One more step',
  stepAbout: 'Your account asks for a second proof that it is you.',
  stepMethod: 'Choose one',
  stepAnswer: 'Code',
  stepButton: 'Continue',
  startAgain: 'Start again',
  signUpTitle: 'Create an account',
  name: 'Name',
  optional: 'optional',
  passwordHint:
    'At least 15 characters. Four unrelated words do well, or what a password manager makes.',
  signUp: 'Create the account',
  sentTitle: 'Look into your mailbox',
  signUpSent:
    'We have sent you a message. Open the link in it to confirm your address, then sign in. The link works once, for 24 hours.',
  forgotTitle: 'Set a new password',
  forgotAbout: 'Tell us the address of your account. We send a link to it.',
  forgotButton: 'Send the link',
  forgotSent:
    'If there is an account with this address, a message is on its way there. The link in it works once, for 30 minutes.',
  signedInTitle: 'You are signed in',
  signedInAbout: 'You may close this page.',
  signOut: 'Sign out',
  signOutTitle: 'Sign out',
  signOutAbout: 'This ends your session in this browser.',
  signedOutTitle: 'You are signed out',
  signedOutAbout: 'The session of this browser has ended.',
  errorTitle: 'This does not work',
  unknownApplication:
    'The application has sent you here with an address that it has not registered. Go back to it, or tell its operator.',
  backToSignIn: 'Back to sign-in',
} as const;

export type TextKey = keyof typeof ENGLISH;

/** Methods of a second step that have a name of their own. */
export const ENGLISH_METHODS: Readonly<Record<string, string>> = {
  totp: 'Code of your authenticator app',
  'recovery-code': 'Recovery code',
};

/** Where the API speaks to programs; anything else is said as it says it. */
export const ENGLISH_REFUSALS: Partial<Readonly<Record<ErrorCode, string>>> = {
  invalid_request: 'Something is missing, or has a wrong form.',
  challenge_failed: 'The code is wrong.',
  invalid_challenge: 'This step has expired, or was used. Sign in again.',
  cross_site: 'This form did not come from our page. Open the page again.',
};

export interface Translation {
  texts: Readonly<Record<TextKey, string>>;
  methods: Readonly<Record<string, string>>;
  /** Of what a page may meet; anything else is said by `other`. */
  refusals: Partial<Readonly<Record<ErrorCode, string>>>;
  other: string;
  /** By how the sentence about a password begins. */
  issues: readonly (readonly [begins: string, text: string])[];
}
