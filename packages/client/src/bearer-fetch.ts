/**
 * One request with an access token, renewed where the service says that a newer one is needed.
 *
 * A call that is refused for its token is sent again at most once, with another token: the two
 * sends below are written out, so there is no loop to get wrong.
 */
import { PortcullisError } from './error.ts';
import { CALL_TIMEOUT_MS, exchange, type Answer, type Fetch } from './exchange.ts';
import { isAboutToken, isChallengedForToken } from './renewal.ts';
import { trpcErrorOf } from './trpc-error.ts';

/** Where access tokens come from (RFC 6750). */
export interface BearerSource {
  /**
   * The browser has the tokens, in cookies: what the functions below return only stands for them,
   * and is sent nowhere.
   */
  readonly cookies?: boolean;
  /** The token to use now; undefined where there is none. */
  accessToken(): Promise<string | undefined>;
  /** Another token than this one, which was refused; undefined where none is to be had. */
  renew(refused: string): Promise<string | undefined>;
  /** The session that the token belongs to, where there are sessions. */
  sessionId?(): Promise<string | undefined>;
  /** A service has said that this session was revoked: its tokens are of no use any more. */
  revoked?(sessionId: string | undefined): Promise<void>;
}

/** For calls that come before there is a session, or end it: cookies go along, nothing is renewed. */
export const cookiesWithoutRenewal: BearerSource = {
  cookies: true,
  accessToken: () => Promise.resolve('of the cookies'),
  renew: () => Promise.resolve(undefined),
};

/** Who calls what, by which way. */
export interface Calls {
  fetch: Fetch;
  bearer: BearerSource | undefined;
  /** Of a router that is not Portcullis' own: it may say in another way that a token is refused. */
  isForeign: boolean;
}

/** @throws PortcullisError, and nothing else; a refusal is an answer */
export async function exchangeWithToken(
  { fetch, bearer, isForeign }: Calls,
  url: string,
  init: RequestInit,
): Promise<Answer> {
  const signal = init.signal ?? undefined;
  const send = (token: string | undefined): Promise<Answer> =>
    exchange(fetch, url, withCredentials(init, credentialsOf(bearer, token)), CALL_TIMEOUT_MS);

  const token = await unlessAborted(bearer?.accessToken(), signal);
  const answer = await send(token);
  if (bearer === undefined || token === undefined) return answer;
  if (!asksForRenewal(answer, isForeign)) return answer;
  const renewed = await unlessAborted(bearer.renew(token), signal);
  return renewed === undefined ? answer : await send(renewed);
}

export interface SentCredentials {
  /** For the `Authorization` header. */
  token: string | undefined;
  credentials: RequestCredentials;
}

/** Bearer mode sends no cookie, and cookie mode no header. */
export function credentialsOf(
  source: BearerSource | undefined,
  token: string | undefined,
): SentCredentials {
  if (source?.cookies !== true) return { token, credentials: 'omit' };
  return { token: undefined, credentials: token === undefined ? 'omit' : 'include' };
}

function withCredentials(init: RequestInit, { token, credentials }: SentCredentials): RequestInit {
  const headers = new Headers(init.headers);
  if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
  // To follow a redirect would be to send the token to another address.
  return { ...init, headers, credentials, redirect: 'error' };
}

function asksForRenewal(answer: Answer, isForeign: boolean): boolean {
  if (answer.status !== 401) return false;
  const { code } = trpcErrorOf(answer);
  return (
    isAboutToken(code) || (isForeign && code === 'protocol' && isChallengedForToken(answer.headers))
  );
}

/** What is waited for is shared with other calls, so giving up ends the waiting and not the work. */
export async function unlessAborted<T>(
  shared: Promise<T> | undefined,
  signal: AbortSignal | undefined,
): Promise<T | undefined> {
  if (shared === undefined || signal === undefined) return shared;
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(new PortcullisError('aborted', { cause: signal.reason }));
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([shared, aborted]);
  } finally {
    if (onAbort !== undefined) signal.removeEventListener('abort', onAbort);
  }
}
