/** Users who log in, and what they have then. */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Stand } from './part.ts';

const tokens = z.object({ access_token: z.string(), refresh_token: z.string() });
export type Tokens = z.infer<typeof tokens>;

export interface Account {
  email: string;
  password: string;
}

/** Sessions of each; fewer than a user may have. */
const SESSIONS_EACH = 20;

export async function register({ caller }: Stand, count: number): Promise<Account[]> {
  return await Promise.all(
    Array.from({ length: count }, async () => {
      const body: Account = {
        email: `${randomBytes(6).toString('hex')}@example.test`,
        password: randomBytes(18).toString('base64url'),
      };
      await caller.succeed({ method: 'POST', path: '/v1/register', body });
      return body;
    }),
  );
}

export async function logIn({ caller }: Stand, body: Account): Promise<Tokens> {
  return readTokens(await caller.succeed({ method: 'POST', path: '/v1/login', body }));
}

/** @returns so many sessions, of as many new users as that takes, logged in so many at once */
export async function newSessions(stand: Stand, count: number, atOnce: number): Promise<Tokens[]> {
  const users = await register(stand, Math.ceil(count / SESSIONS_EACH));
  const waiting = Array.from({ length: count }, (_, n) => users[n % users.length]);
  const sessions = new Array<Tokens>();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let user = waiting.pop(); user !== undefined; user = waiting.pop()) {
        sessions.push(await logIn(stand, user));
      }
    }),
  );
  return sessions;
}

/** @throws Error for what is no answer with tokens */
export function readTokens(answer: unknown): Tokens {
  return tokens.parse(answer);
}

/** @throws Error where there is no such session */
export function tokenOf(held: readonly Tokens[], place: number): string {
  const { access_token: token } = held[place] ?? {};
  if (token === undefined) throw new Error(`there is no session ${place}`);
  return token;
}
