/**
 * Renews the cookies of a browser for it, from a server that renders its pages.
 *
 *   due ──▶ asking auth ──▶ renewed, or over ──10 s──▶ forgotten
 *              └──── no answer ──▶ forgotten at once: the next request asks again
 *
 * - A browser that loads a page sends many requests with the cookies of before, some of them after the first is answered. All
 *   of them get one renewal and its cookies, for ten seconds. A refresh token that is used later is refused by auth, as it
 *   should be.
 * - Auth gives the same answer again within 30 seconds to the same user agent alone. So that of the browser is sent along,
 *   and a renewal here is for that user agent alone too: what has copied a token gets nothing from here that it would
 *   not get from auth.
 * - No answer is not the end of a session: the cookies stay as they are, and the services decide.
 */
import { isRecord } from './answer-shape.ts';
import { cookieSetBy, type TokenCookies } from './cookie-header.ts';
import { exchange, type Answer, type Fetch } from './exchange.ts';

/** A page waits for it, in milliseconds. */
const ASK_TIMEOUT_MS = 5_000;
const KEPT_MS = 10_000;
/** Renewals that are kept; the oldest ones are forgotten first. */
const MAX_KEPT = 10_000;
/** Characters of a token with a user agent, which a client makes as long as headers may be. Beyond it auth is asked each time. */
const MAX_KEPT_LENGTH = 2_048;

export type Renewal =
  | { outcome: 'renewed'; access: string; refresh: string; setCookie: readonly string[] }
  | { outcome: 'over'; setCookie: readonly string[] }
  | { outcome: 'no answer' };

export interface BrowserRequest {
  refreshToken: string;
  userAgent: string | null;
  /** Of the browser; undefined where it is not known. */
  address: string | undefined;
}

interface Kept {
  renewal: Promise<Renewal>;
  /** On the monotonic clock. */
  until: number;
}

export class RefreshOfCookies {
  readonly #fetch: Fetch;
  readonly #endpoint: string;
  readonly #names: TokenCookies;
  readonly #kept = new Map<string, Kept>();

  constructor(fetch: Fetch, endpoint: string, names: TokenCookies) {
    this.#fetch = fetch;
    this.#endpoint = endpoint;
    this.#names = names;
  }

  /** Never rejects. */
  renew(request: BrowserRequest): Promise<Renewal> {
    this.#forgetOld();
    const key = `${request.refreshToken} ${request.userAgent ?? ''}`;
    const known = this.#kept.get(key);
    if (known !== undefined) return known.renewal;
    if (key.length > MAX_KEPT_LENGTH) return this.#ask(request);
    const kept: Kept = { until: Infinity, renewal: this.#ask(request) };
    this.#kept.set(key, kept);
    void kept.renewal.then(({ outcome }) => {
      kept.until = performance.now() + KEPT_MS;
      if (outcome === 'no answer' && this.#kept.get(key) === kept) this.#kept.delete(key);
    });
    return kept.renewal;
  }

  #forgetOld(): void {
    const now = performance.now();
    for (const [key, { until }] of this.#kept) {
      if (until > now && this.#kept.size < MAX_KEPT) break;
      this.#kept.delete(key);
    }
  }

  async #ask({ refreshToken, userAgent, address }: BrowserRequest): Promise<Renewal> {
    try {
      const headers = new Headers({
        'content-type': 'application/json',
        accept: 'application/json',
        cookie: `${this.#names.refresh}=${refreshToken}`,
        // Auth takes cookies for a change from its own page alone. Here no page asks: this server does, which changes nothing
        // but the cookies of the browser that it answers.
        'sec-fetch-site': 'same-origin',
      });
      if (userAgent !== null) headers.set('user-agent', userAgent);
      if (address !== undefined) headers.set('x-forwarded-for', address);
      const init: RequestInit = { method: 'POST', headers, body: '{}', redirect: 'error' };
      return this.#read(await exchange(this.#fetch, this.#endpoint, init, ASK_TIMEOUT_MS));
    } catch {
      return { outcome: 'no answer' };
    }
  }

  #read({ ok, status, headers, body }: Answer): Renewal {
    const ours = Object.values<string>({ ...this.#names });
    const setCookie = headers
      .getSetCookie()
      .filter((line) => ours.some((name) => line.startsWith(`${name}=`)));
    const access = cookieSetBy(setCookie, this.#names.access);
    const refresh = cookieSetBy(setCookie, this.#names.refresh);
    if (ok && access !== undefined && refresh !== undefined) {
      return { outcome: 'renewed', access, refresh, setCookie };
    }
    const isOver = status === 401 && isRecord(body) && body['code'] === 'invalid_refresh_token';
    return isOver ? { outcome: 'over', setCookie } : { outcome: 'no answer' };
  }
}
