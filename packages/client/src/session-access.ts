/** Logging in and out, in the two ways that tokens travel. */
import type { AuthRouter, Tokens } from '@portcullis/api';
import type { TRPCClient } from '@trpc/client';
import { cookiesWithoutRenewal, type BearerSource } from './bearer-fetch.ts';
import { CookieSession, type CookieTokens } from './cookie-session.ts';
import { isPortcullisError, PortcullisError } from './error.ts';
import type { Fetch } from './exchange.ts';
import { createRouterClient } from './router-client.ts';
import { Session, type SignedOutListener } from './session.ts';
import { sessionNotes } from './session-notes.ts';
import { isTokens, type TokenStorage } from './token-storage.ts';

type AuthClient = TRPCClient<AuthRouter>;
type LogOutInput = Parameters<AuthClient['logout']['mutate']>[0];
export type Receipt = Awaited<ReturnType<AuthClient['logout']['mutate']>>;
export interface Credentials {
  email: string;
  password: string;
}

export interface SessionAccess {
  readonly source: BearerSource;
  sessionId(): Promise<string | undefined>;
  onSignedOut(listener: SignedOutListener): () => void;
  logIn(input: Credentials): Promise<void>;
  logOut(input: LogOutInput): Promise<Receipt | undefined>;
  /** Forgets the session, after the service has ended it. */
  forget(): Promise<void>;
}

/** The tokens are held here, and sent in the `Authorization` header. */
export function bearerAccess(authUrl: string, fetch: Fetch, storage: TokenStorage): SessionAccess {
  const anonymous = createRouterClient<AuthRouter>(authUrl, fetch, undefined);
  const refresh = async (refreshToken: string): Promise<Tokens> => {
    const tokens = await anonymous.refresh.mutate({ refresh_token: refreshToken });
    if (!isTokens(tokens)) throw new PortcullisError('protocol');
    return tokens;
  };
  const session = new Session(storage, refresh);
  /** The tokens of a session that is gone here, and whose logout has not reached the service. */
  let pendingLogout: Tokens | undefined;

  return {
    source: session,
    sessionId: () => session.sessionId(),
    onSignedOut: (listener) => session.onSignedOut(listener),
    async logIn(input) {
      const askedAt = performance.now();
      const { ends } = session;
      const tokens = await anonymous.login.mutate(input);
      if (!isTokens(tokens)) throw new PortcullisError('protocol');
      if (session.ends !== ends) throw new PortcullisError('aborted');
      await session.begin(tokens, askedAt);
    },
    async logOut(input) {
      const tokens = (await session.end()) ?? pendingLogout;
      if (tokens === undefined) return undefined;
      pendingLogout = tokens;
      const bearer = logoutSource(tokens, refresh, (newer) => {
        pendingLogout = newer;
      });
      const receipt = await endedBy(createRouterClient<AuthRouter>(authUrl, fetch, bearer), input);
      pendingLogout = undefined;
      return receipt;
    },
    forget: async () => void (await session.end()),
  };
}

/** The tokens are in cookies; this page, and any script in it, never sees them. */
export function cookieAccess(authUrl: string, fetch: Fetch): SessionAccess {
  const unrenewed = createRouterClient<AuthRouter>(authUrl, fetch, cookiesWithoutRenewal);
  const session = new CookieSession(sessionNotes(authUrl), async () =>
    cookieTokensOf(await unrenewed.refresh.mutate({})),
  );

  return {
    source: session,
    sessionId: () => session.sessionId(),
    onSignedOut: (listener) => session.onSignedOut(listener),
    logIn: (input) =>
      session.inTurn(async () => {
        const askedAt = Date.now();
        const answer = await unrenewed.login.mutate({ ...input, transport: 'cookie' });
        session.begin(cookieTokensOf(answer), askedAt);
      }),
    async logOut(input) {
      session.end('logged_out');
      return await session.inTurn(() => endedBy(unrenewed, input));
    },
    forget: async () => session.end('logged_out'),
  };
}

/** @returns undefined when the service knows of no such session: there is nothing left to end */
async function endedBy(auth: AuthClient, input: LogOutInput): Promise<Receipt | undefined> {
  try {
    return await auth.logout.mutate(input);
  } catch (error) {
    if (isPortcullisError(error, 'invalid_token', 'invalid_refresh_token')) return undefined;
    throw error;
  }
}

function cookieTokensOf(answer: object): CookieTokens {
  if (!('transport' in answer) || !('expires_in' in answer) || !('session_id' in answer)) {
    throw new PortcullisError('protocol');
  }
  const { expires_in, session_id } = answer;
  if (typeof expires_in !== 'number' || typeof session_id !== 'string') {
    throw new PortcullisError('protocol');
  }
  return { expires_in, session_id };
}

/** Tokens that are held nowhere any more, for the one call that ends their session. */
function logoutSource(
  tokens: Tokens,
  refresh: (refreshToken: string) => Promise<Tokens>,
  onRefreshed: (newer: Tokens) => void,
): BearerSource {
  return {
    accessToken: () => Promise.resolve(tokens.access_token),
    async renew() {
      const newer = await refresh(tokens.refresh_token);
      onRefreshed(newer);
      return newer.access_token;
    },
  };
}
