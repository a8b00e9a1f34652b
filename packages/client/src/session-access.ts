/** Logging in and out, in the two ways that tokens travel. */
import type { Tokens } from '@portcullis/api';
import { cookiesWithoutRenewal, type BearerSource } from './bearer-fetch.ts';
import { CookieSession, type CookieTokens } from './cookie-session.ts';
import { isPortcullisError, PortcullisError } from './error.ts';
import type { Fetch } from './exchange.ts';
import {
  answerInput,
  challengeOf,
  type ChallengeAnswer,
  type Credentials,
  type LoginResult,
} from './login-result.ts';
import { authClient, type AuthClient } from './router-client.ts';
import { Session } from './session.ts';
import type { SessionState, SessionStates } from './session-state.ts';
import type { CompletedSignIn } from './sign-in.ts';
import { sessionNotes } from './session-notes.ts';
import { isTokens, type TokenStorage } from './token-storage.ts';

type LogOutInput = Parameters<AuthClient['logout']['mutate']>[0];
export type Receipt = Awaited<ReturnType<AuthClient['logout']['mutate']>>;
export interface SessionAccess {
  readonly source: BearerSource;
  readonly states: SessionStates;
  sessionId(): Promise<string | undefined>;
  ready(): Promise<SessionState>;
  accessToken(): Promise<string | undefined>;
  renew(refused?: string): Promise<string | undefined>;
  logIn(input: Credentials): Promise<LoginResult>;
  continueLogIn(input: ChallengeAnswer): Promise<LoginResult>;
  completeSignIn(input: CompletedSignIn): Promise<LoginResult>;
  logOut(input: LogOutInput): Promise<Receipt | undefined>;
  /** Forgets the session, after the service has ended it. */
  forget(): Promise<void>;
}

/** The tokens are held here, and sent in the `Authorization` header. */
export function bearerAccess(authUrl: string, fetch: Fetch, storage: TokenStorage): SessionAccess {
  const anonymous = authClient(authUrl, fetch, undefined);
  const refresh = async (refreshToken: string): Promise<Tokens> => {
    const tokens = await anonymous.refresh.mutate({ refresh_token: refreshToken });
    if (!isTokens(tokens)) throw new PortcullisError('protocol');
    return tokens;
  };
  const session = new Session(storage, refresh);
  /** The tokens of a session that is gone here, and whose logout has not reached the service. */
  let pendingLogout: Tokens | undefined;
  const step = async (ask: () => Promise<unknown>): Promise<LoginResult> => {
    const askedAt = performance.now();
    const { ends } = session;
    const answer = await ask();
    const challenge = challengeOf(answer);
    if (challenge !== undefined) return { status: 'challenged', challenge };
    if (!isTokens(answer)) throw new PortcullisError('protocol');
    if (session.ends !== ends) throw new PortcullisError('aborted');
    await session.begin(answer, askedAt);
    return { status: 'logged_in', sessionId: answer.session_id };
  };

  return {
    source: session,
    states: session.states,
    sessionId: () => session.sessionId(),
    ready: () => session.ready(),
    accessToken: () => session.accessToken(),
    async renew(refused) {
      const held = refused ?? (await session.tokens())?.access_token;
      return held === undefined ? undefined : await session.renew(held);
    },
    logIn: (input) => step(() => anonymous.login.mutate(input)),
    continueLogIn: (input) => step(() => anonymous.continueLogin.mutate(answerInput(input))),
    completeSignIn: (input) => step(() => anonymous.completeLogin.mutate(input)),
    async logOut(input) {
      const tokens = (await session.end()) ?? pendingLogout;
      if (tokens === undefined) return undefined;
      pendingLogout = tokens;
      const bearer = logoutSource(tokens, refresh, (newer) => {
        pendingLogout = newer;
      });
      const receipt = await endedBy(authClient(authUrl, fetch, bearer), input);
      pendingLogout = undefined;
      return receipt;
    },
    forget: async () => void (await session.end()),
  };
}

/** The tokens are in cookies; this page, and any script in it, never sees them. */
export function cookieAccess(authUrl: string, fetch: Fetch): SessionAccess {
  const unrenewed = authClient(authUrl, fetch, cookiesWithoutRenewal);
  const session = new CookieSession(sessionNotes(authUrl), async () =>
    cookieTokensOf(await unrenewed.refresh.mutate({})),
  );
  const step = (ask: () => Promise<object>): Promise<LoginResult> =>
    session.inTurn(async () => {
      const askedAt = Date.now();
      const answer = await ask();
      const challenge = challengeOf(answer);
      if (challenge !== undefined) return { status: 'challenged', challenge };
      const tokens = cookieTokensOf(answer);
      session.logIn(tokens, askedAt);
      return { status: 'logged_in', sessionId: tokens.session_id };
    });

  return {
    source: session,
    states: session.states,
    sessionId: () => session.sessionId(),
    ready: () => session.ready(),
    async accessToken() {
      throw new TypeError('in cookie mode no script sees a token: use fetch or link');
    },
    async renew() {
      const held = session.stamp();
      if (held !== undefined) await session.renew(held);
      return undefined;
    },
    logIn: (input) => step(() => unrenewed.login.mutate({ ...input, transport: 'cookie' })),
    continueLogIn: (input) =>
      step(() => unrenewed.continueLogin.mutate({ ...answerInput(input), transport: 'cookie' })),
    completeSignIn: (input) =>
      step(() => unrenewed.completeLogin.mutate({ ...input, transport: 'cookie' })),
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
