/**
 * The `fetch` that tRPC's link calls: adds the access token, renews it, and turns refusals into
 * errors.
 *
 * A call that is refused for its token is sent again at most once, with another token: the two
 * sends below are written out, so there is no loop to get wrong.
 */
import { isRecord } from './answer-shape.ts';
import { PortcullisError } from './error.ts';
import { CALL_TIMEOUT_MS, exchange, type Answer, type Fetch } from './exchange.ts';
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

interface TrpcAnswer {
  ok: boolean;
  json(): Promise<unknown>;
}

/** The form in which tRPC's link asks; it sends headers as a plain object. */
export type TrpcFetch = (
  input: string | URL | Request,
  init?: {
    method?: string;
    headers?: unknown;
    body?: unknown;
    signal?: AbortSignal | null | undefined;
  },
) => Promise<TrpcAnswer>;

/** @returns a function that throws PortcullisError, and nothing else */
export function bearerFetch(fetch: Fetch, bearer: BearerSource | undefined): TrpcFetch {
  return async (input, init = {}) => {
    const url = input instanceof Request ? input.url : String(input);
    const signal = init.signal ?? undefined;
    const send = (token: string | undefined): Promise<Answer> =>
      exchange(fetch, url, requestOf(init, credentialsOf(bearer, token), signal), CALL_TIMEOUT_MS);

    const token = await unlessAborted(bearer?.accessToken(), signal);
    let answer = await send(token);
    if (bearer !== undefined && token !== undefined && asksForRenewal(answer)) {
      const renewed = await unlessAborted(bearer.renew(token), signal);
      if (renewed !== undefined) answer = await send(renewed);
    }
    return resultOf(answer);
  };
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

function requestOf(
  init: NonNullable<Parameters<TrpcFetch>[1]>,
  { token, credentials }: SentCredentials,
  signal: AbortSignal | undefined,
): RequestInit {
  if (init.body !== undefined && typeof init.body !== 'string') {
    throw new TypeError('the routers take JSON and nothing else');
  }
  const headers = new Headers();
  if (isRecord(init.headers)) {
    for (const [name, value] of Object.entries(init.headers)) {
      if (typeof value === 'string') headers.set(name, value);
    }
  }
  if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
  return {
    method: init.method ?? 'GET',
    headers,
    body: init.body ?? null,
    signal: signal ?? null,
    credentials,
    // It would send the token to another address.
    redirect: 'error',
  };
}

/** The two codes that mean: with a newer token this would be answered. */
function asksForRenewal(answer: Answer): boolean {
  if (answer.status !== 401) return false;
  const { code } = trpcErrorOf(answer);
  return code === 'invalid_token' || code === 'token_stale';
}

function resultOf(answer: Answer): TrpcAnswer {
  if (!answer.ok) throw trpcErrorOf(answer);
  const { body } = answer;
  if (!isRecord(body) || !isRecord(body['result'])) {
    throw new PortcullisError('protocol', { status: answer.status });
  }
  return { ok: true, json: () => Promise.resolve(body) };
}

/** What is waited for is shared with other calls, so giving up ends the waiting and not the work. */
async function unlessAborted<T>(
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
