/** What each event means, and its nearest relative in OpenID CAEP 1.0 and RISC 1.0. */
import type { EventName } from '../src/index.ts';

export interface Description {
  title: string;
  summary: string;
  /** The type of the Security Event Token (RFC 8417) that can be made from it; null: there is none. */
  securityEvent: string | null;
}

const CAEP = 'https://schemas.openid.net/secevent/caep/event-type';
const RISC = 'https://schemas.openid.net/secevent/risc/event-type';

/** A name that is missing here does not compile. */
export const DESCRIPTIONS: Readonly<Record<EventName, Description>> = {
  session: {
    title: 'A session has ended',
    summary: 'Logout, one device ended, or a refresh token used twice. `key` is the session.',
    securityEvent: `${CAEP}/session-revoked`,
  },
  token: {
    title: 'One access token was revoked',
    summary: 'RFC 7009 on an access token. `key` is its `jti`; the session lives on.',
    securityEvent: null,
  },
  subject: {
    title: 'Every token of a user before a generation is dead',
    summary:
      'Log out everywhere, account disabled or deleted, password or e-mail address changed: see ' +
      '`reason`. `key` is the user; tokens whose `gen` is below `generation` are dead.',
    securityEvent: `${CAEP}/session-revoked`,
  },
  claims_changed: {
    title: 'Claims of a user have changed',
    summary:
      'Roles or permissions. Tokens whose `gen` is below `generation` are out of date; a refresh ' +
      'gives a new one. Sessions live on.',
    securityEvent: `${CAEP}/token-claims-change`,
  },
  client: {
    title: 'Tokens of a machine client are dead',
    summary: 'The client was disabled, or its secret changed: `cgen` below `generation`.',
    securityEvent: null,
  },
  client_subject: {
    title: 'All that one client holds for one user is dead',
    summary:
      'Sessions and tokens of the user that this client was given. `key` is `client/user`; tokens whose ' +
      '`csgen`, which is 0 where it is absent, is below `generation` are dead.',
    securityEvent: `${CAEP}/session-revoked`,
  },
  key: {
    title: 'A signing key was killed',
    summary: 'Nothing that it has signed, or will sign, holds. `key` is the `kid`.',
    securityEvent: null,
  },
  issuer: {
    title: 'Every token of the issuer is dead',
    summary: 'Break glass: every token whose `igen` is below `generation`.',
    securityEvent: null,
  },
  registered: {
    title: 'A user has registered',
    summary: 'May arrive after `deleted` of the same user: keep a tombstone.',
    securityEvent: null,
  },
  'email-changed': {
    title: 'A user has another e-mail address',
    summary: '`email` is verified. May arrive before an older one: go by `occurred_at`.',
    securityEvent: `${RISC}/identifier-changed`,
  },
  'profile-changed': {
    title: 'A user has another name',
    summary: '`name` is what it is now. May arrive before an older one: go by `occurred_at`.',
    securityEvent: null,
  },
  disabled: {
    title: 'An account was disabled',
    summary: 'Its tokens are revoked by an event of their own.',
    securityEvent: `${RISC}/account-disabled`,
  },
  enabled: {
    title: 'An account was enabled again',
    summary: 'What was revoked stays revoked.',
    securityEvent: `${RISC}/account-enabled`,
  },
  'roles-changed': {
    title: 'Roles of a user have changed',
    summary: '`roles` are all that the user has now.',
    securityEvent: `${CAEP}/token-claims-change`,
  },
  deleted: {
    title: 'An account was deleted',
    summary: 'Delete what you keep about the user, and keep a tombstone.',
    securityEvent: `${RISC}/account-purged`,
  },
};
