/** What is measured beside another commit. */
import { z } from 'zod';
import type { Part } from './part.ts';
import { logIn, newSessions, readTokens, register, type Tokens } from './users.ts';
import { bareCommits } from './bare-commits.ts';
import type { Subject } from './subject.ts';

const AT_ONCE = 16;
const WAIT_MS = 10_000;

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

const receipt = z.object({ confirmed: z.number(), expected: z.number() });

/** Logouts, each until all verifiers have confirmed it. */
function logouts(
  shape: Pick<Part, 'name' | 'about' | 'calls' | 'atOnce'>,
  verifiers: number,
): Part {
  return {
    ...shape,
    arrange: (subject) => subject.addVerifiers(shape.name, verifiers),
    async prepare(stand, calls) {
      const held = await newSessions(stand, calls, AT_ONCE);
      return async (_, number) => {
        const { confirmed, expected } = receipt.parse(
          await stand.caller.succeed({
            method: 'POST',
            path: `/v1/logout?wait=${WAIT_MS}`,
            token: tokenOf(held, number),
            body: {},
          }),
        );
        if (confirmed < verifiers || confirmed < expected) {
          throw new Error(`a receipt of ${confirmed} of ${expected} verifiers: not a full one`);
        }
      };
    },
  };
}

export const PARTS: readonly Part[] = [
  REFRESHES,
  SESSION_LISTS,
  LOGINS,
  INTROSPECTIONS,
  logouts(
    { name: 'logouts', about: 'with full receipts from 2 verifiers', calls: 320, atOnce: AT_ONCE },
    2,
  ),
  {
    ...logouts(
      { name: 'receipts', about: 'one logout after another, 3 verifiers', calls: 100, atOnce: 1 },
      3,
    ),
    beside: { name: 'a bare commit', start: bareCommits },
  },
];

function tokenOf(held: readonly Tokens[], place: number): string {
  const { access_token: token } = held[place] ?? {};
  if (token === undefined) throw new Error(`there is no session ${place}`);
  return token;
}
