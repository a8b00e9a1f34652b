/** What is measured beside another commit. */
import { z } from 'zod';
import { LOGOUTS } from './logouts.ts';
import type { Part } from './part.ts';
import { logIn, newSessions, readTokens, register, tokenOf } from './users.ts';
import type { Subject } from './subject.ts';

const AT_ONCE = 16;

const REFRESHES: Part = {
  name: 'refreshes',
  about: 'a refresh token for its successor and an access token',
  calls: 1_000,
  atOnce: AT_ONCE,
  async prepare(stand) {
    const held = await newSessions(stand, AT_ONCE, AT_ONCE);
    return async (place) => {
      const body = { refresh_token: held[place]?.refresh_token };
      held[place] = readTokens(
        await stand.caller.succeed({ method: 'POST', path: '/v1/refresh', body }),
      );
    };
  },
};

const SESSION_LISTS: Part = {
  name: 'session-lists',
  about: 'the sessions of the caller, whose token auth checks itself',
  calls: 1_000,
  atOnce: AT_ONCE,
  async prepare(stand) {
    const held = await newSessions(stand, AT_ONCE, AT_ONCE);
    return async (place) => {
      const token = tokenOf(held, place);
      await stand.caller.succeed({ method: 'GET', path: '/v1/sessions', token });
    };
  },
};

const LOGINS: Part = {
  name: 'logins',
  about: 'a password for a session, argon2 at the least that is allowed',
  calls: 200,
  atOnce: AT_ONCE,
  async prepare(stand) {
    const users = await register(stand, AT_ONCE);
    return async (place) => {
      const user = users[place];
      if (user !== undefined) await logIn(stand, user);
    };
  },
};

const introspected = z.object({ active: z.literal(true) });
const authorizations = new WeakMap<Subject, string>();

const INTROSPECTIONS: Part = {
  name: 'introspections',
  about: 'a token looked at for a service (RFC 7662)',
  calls: 1_000,
  atOnce: AT_ONCE,
  async arrange(subject) {
    authorizations.set(subject, await subject.addClient('cli_capacity', 'tokens:introspect'));
  },
  async prepare(stand) {
    const held = await newSessions(stand, AT_ONCE, AT_ONCE);
    const authorization = authorizations.get(stand.subject) ?? '';
    return async (place) => {
      const body = new URLSearchParams({ token: tokenOf(held, place) }).toString();
      introspected.parse(
        await stand.caller.succeed({
          method: 'POST',
          path: '/oauth2/introspect',
          authorization,
          body,
        }),
      );
    };
  },
};

export const PARTS: readonly Part[] = [
  REFRESHES,
  SESSION_LISTS,
  LOGINS,
  INTROSPECTIONS,
  ...LOGOUTS,
];
