/**
 * `@portcullis/client/ssr`: sessions in cookies, for servers that render pages. A request whose access token is about to
 * expire gets new cookies before it is handled: what renders the page sees them, and so does the browser.
 */
import { cookieIn, cookieNames, withCookies } from './cookie-header.ts';
import type { Fetch } from './exchange.ts';
import { demandAddress, demandOption } from './options.ts';
import { RefreshOfCookies, type Renewal } from './refresh-of-cookies.ts';
import { endpointOf } from './service-address.ts';
import { renewalMarginMs, timesOf } from './token-life.ts';

/** What is looked at of a request of the platform, and of what Next.js makes of it. */
export interface RequestWithHeaders {
  readonly headers: Headers;
}

export interface SessionRefreshOptions<R = RequestWithHeaders> {
  /** The address of the auth service, as this server reaches it. */
  auth: string;
  /** As PORTCULLIS_INSECURE_COOKIES of the services; false unless given. */
  insecureCookies?: boolean;
  /**
   * The address of the browser, by what stands in front of this server. It is sent to auth in `X-Forwarded-For`, which auth
   * believes where PORTCULLIS_TRUSTED_PROXIES names this server: limits and the list of sessions then go by the browser's.
   */
  addressOf?: (request: R) => string | null | undefined;
  fetch?: Fetch;
}

export interface RefreshedSession {
  /**
   * `signed_in`: the request brings an access token that has not expired, which is all that is known: the services
   * check it. `unknown`: it brings a refresh token, and auth could not be asked.
   */
  readonly status: 'signed_in' | 'signed_out' | 'unknown';
  /** Those of the request, with the cookies as they are now: what renders the page is given these. */
  readonly headers: Headers;
  /** The lines of `Set-Cookie` for the answer; none where nothing was renewed. */
  readonly setCookie: readonly string[];
  /**
   * Adds these lines to an answer, which is then `no-store`: from a cache another browser would get the session.
   *
   * @returns the same answer
   */
  applyTo<A extends { readonly headers: Headers }>(answer: A): A;
}

/**
 * @returns what renews the cookies of a request where that is due, once for requests at the same time; it never rejects
 *   because of auth
 * @throws TypeError that names the option that cannot be meant
 * @example
 * const session = await refresh(request);
 * return session.applyTo(NextResponse.next({ request: { headers: session.headers } }));
 */
export function createSessionRefresh(
  options: SessionRefreshOptions,
): (request: RequestWithHeaders) => Promise<RefreshedSession> {
  const refresh = refreshBy('createSessionRefresh', options);
  const { addressOf } = options;
  return async (request) => await refresh(request.headers, addressOf?.(request) ?? undefined);
}

/** What is looked at of a request of `node:http`, and of what Express and Connect make of it. */
export interface NodeRequest {
  readonly headers: Record<string, string | string[] | undefined>;
  /** Names and values in turns. */
  readonly rawHeaders: string[];
  readonly socket: { readonly remoteAddress?: string | undefined };
}
export interface NodeResponse {
  setHeader(name: string, value: string): unknown;
  appendHeader(name: string, value: readonly string[]): unknown;
}

/**
 * The same as a middleware of Express, Connect or `node:http`. The address is that of the connection unless `addressOf`
 * says it. An answer that brings new cookies is `no-store`, unless a handler behind this one says another thing.
 *
 * @throws TypeError that names the option that cannot be meant
 */
export function sessionMiddleware(
  options: SessionRefreshOptions<NodeRequest>,
): (request: NodeRequest, response: NodeResponse, next: (error?: unknown) => void) => void {
  const refresh = refreshBy('sessionMiddleware', options);
  const addressOf = options.addressOf ?? (({ socket }: NodeRequest) => socket.remoteAddress);
  const handle = async (request: NodeRequest, response: NodeResponse): Promise<void> => {
    const { cookie, 'user-agent': userAgent } = request.headers;
    const given = new Headers();
    if (typeof cookie === 'string') given.set('cookie', cookie);
    if (typeof userAgent === 'string') given.set('user-agent', userAgent);
    const { headers, setCookie } = await refresh(given, addressOf(request) ?? undefined);
    if (setCookie.length === 0) return;
    replaceCookies(request, headers.get('cookie'));
    response.setHeader('cache-control', 'no-store');
    response.appendHeader('set-cookie', setCookie);
  };
  return (request, response, next) => {
    // Outside of the promise: what `next` throws is not a rejection of it.
    handle(request, response).then(
      () => setImmediate(next),
      (error: unknown) => setImmediate(next, error),
    );
  };
}

/**
 * The access token that a request brings, to be sent on in a header: `{ authorization: `Bearer ${token}` }`. It is not
 * checked; the service that gets it does that. Read it from the headers that `createSessionRefresh` gives.
 *
 * @returns undefined where there is none, or it is there twice
 */
export function accessTokenOf(
  headers: { get(name: string): string | null },
  { insecureCookies = false }: Pick<SessionRefreshOptions, 'insecureCookies'> = {},
): string | undefined {
  return cookieIn(headers.get('cookie'), cookieNames(insecureCookies).access);
}

type RefreshHeaders = (headers: Headers, address: string | undefined) => Promise<RefreshedSession>;

function refreshBy<R>(of: string, options: SessionRefreshOptions<R>): RefreshHeaders {
  demandOption(typeof options === 'object' && options !== null, of, 'its argument', 'an object');
  const { auth, insecureCookies = false, addressOf, fetch } = options;
  demandAddress(auth, of, 'auth');
  demandOption(typeof insecureCookies === 'boolean', of, 'insecureCookies', 'true or false');
  for (const [name, value] of Object.entries({ addressOf, fetch })) {
    demandOption(value === undefined || typeof value === 'function', of, name, 'a function');
  }
  const names = cookieNames(insecureCookies);
  const endpoint = endpointOf(auth, '/v1/refresh');
  const cookies = new RefreshOfCookies(fetch ?? globalThis.fetch, endpoint, names);

  return async (given, address) => {
    const header = given.get('cookie');
    const access = cookieIn(header, names.access);
    const refreshToken = cookieIn(header, names.refresh);
    const life = lifeOf(access);
    if (refreshToken === undefined || life === 'good') {
      return sessionWith(life === 'over' ? 'signed_out' : 'signed_in', new Headers(given), []);
    }
    const userAgent = given.get('user-agent');
    const renewal = await cookies.renew({ refreshToken, userAgent, address });
    if (renewal.outcome === 'no answer') {
      return sessionWith(life === 'over' ? 'unknown' : 'signed_in', new Headers(given), []);
    }
    const now = tokensOf(renewal);
    const cookie = withCookies(header, {
      [names.access]: now.access,
      [names.refresh]: now.refresh,
    });
    const headers = new Headers(given);
    if (cookie === undefined) headers.delete('cookie');
    else headers.set('cookie', cookie);
    const status = renewal.outcome === 'renewed' ? 'signed_in' : 'signed_out';
    return sessionWith(status, headers, renewal.setCookie);
  };
}

function tokensOf(renewal: Exclude<Renewal, { outcome: 'no answer' }>) {
  if (renewal.outcome === 'over') return { access: undefined, refresh: undefined };
  return renewal;
}

function sessionWith(
  status: RefreshedSession['status'],
  headers: Headers,
  setCookie: readonly string[],
): RefreshedSession {
  return {
    status,
    headers,
    setCookie,
    applyTo(answer) {
      if (setCookie.length > 0) answer.headers.set('cache-control', 'no-store');
      for (const line of setCookie) answer.headers.append('set-cookie', line);
      return answer;
    },
  };
}

/** By the clock of this server; of a token that does not say it, nothing is known but that a service will. */
function lifeOf(access: string | undefined): 'good' | 'due' | 'over' {
  const times = access === undefined ? undefined : timesOf(access);
  if (times === undefined) return 'over';
  const left = times.expiresAt - Date.now();
  if (left <= 0) return 'over';
  return left <= renewalMarginMs(times.lifeSeconds) ? 'due' : 'good';
}

/** Several headers of that name become one, which is the one that counts. */
function replaceCookies({ headers, rawHeaders }: NodeRequest, cookie: string | null): void {
  for (let at = rawHeaders.length - 2; at >= 0; at -= 2) {
    if (rawHeaders[at]?.toLowerCase() === 'cookie') rawHeaders.splice(at, 2);
  }
  if (cookie === null) {
    delete headers['cookie'];
    return;
  }
  headers['cookie'] = cookie;
  rawHeaders.push('Cookie', cookie);
}
