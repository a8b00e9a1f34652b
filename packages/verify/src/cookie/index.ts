/**
 * The access token of a request, from the `Authorization` header or from the cookie of cookie mode.
 *
 * A cookie is sent by the browser whichever page has asked it to. So it counts only for calls that come from
 * the service's own origin or a configured one; what changes something has to prove it.
 */
import { Refusal, tokenCookieNames } from '@portcullis/contracts';
import type { Authorization } from '../proof/authorization.ts';
import { provenanceOf, type CookiePolicy } from './provenance.ts';
import { cookieValues } from './read-cookies.ts';

export {
  provenanceOf,
  type BrowserHeaders,
  type CookiePolicy,
  type Provenance,
} from './provenance.ts';
export { cookieValues } from './read-cookies.ts';

/** The part of Node's request, of the platform's `Request`, and of what frameworks make of them, that is looked at. */
export interface CookieRequest {
  method?: string | undefined;
  headers: Readonly<Record<string, string | string[] | undefined>> | HeaderList;
}

/** As the platform's `Headers`. */
export interface HeaderList {
  get(name: string): string | null;
}

/** Methods that change nothing (RFC 9110 section 9.2.1). */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * The value for `protect`'s context, and for `closeOnRevocation`: the header as it was sent, or one made of the
 * cookie.
 *
 * @returns undefined where there is neither; where the cookie does not count, the refusal that `protect` and
 *   `closeOnRevocation` answer with: `cross_site`; `invalid_token` for a cookie and a header that disagree, or
 *   for a cookie that is there twice
 * @example
 * createContext: ({ req }) => ({ authorization: authorizationOf(req) })
 */
export function authorizationOf(request: CookieRequest, policy: CookiePolicy = {}): Authorization {
  try {
    return authorizationIn(request, policy);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

function authorizationIn(request: CookieRequest, policy: CookiePolicy): string | undefined {
  const header = headerOf(request, 'authorization');
  const token = accessCookie(request, policy);
  if (token === undefined) return header;
  const offered = header === undefined ? token : /^bearer +(.*)$/i.exec(header)?.[1];
  if (offered !== token) throw new Refusal('invalid_token');
  return `Bearer ${token}`;
}

/**
 * The access token in the cookie.
 *
 * @returns undefined where there is none
 * @throws Refusal `cross_site`; `invalid_token` when it is there twice
 */
export function accessCookie(request: CookieRequest, policy: CookiePolicy): string | undefined {
  const { access } = tokenCookieNames(policy.insecure === true);
  const [token, ...more] = cookieValues(headerOf(request, 'cookie'), access);
  if (token === undefined) return undefined;
  refuseForeign(request, policy);
  if (more.length > 0) throw new Refusal('invalid_token');
  return token;
}

/** @throws Refusal `cross_site` for a request whose cookies must not count */
export function refuseForeign(request: CookieRequest, policy: CookiePolicy): void {
  const provenance = provenanceOf(
    {
      origin: headerOf(request, 'origin'),
      secFetchSite: headerOf(request, 'sec-fetch-site'),
      host: headerOf(request, 'host'),
    },
    policy,
  );
  if (provenance === 'own' || (provenance === 'unknown' && isSafe(request))) return;
  throw new Refusal('cross_site', { cause: new Error(`provenance ${provenance}`) });
}

/**
 * A WebSocket is opened by a GET, and what comes over it may change anything; no CORS keeps a foreign page
 * from reading it. A browser says where it comes from (RFC 6455 section 4.1, item 8).
 */
function isSafe(request: CookieRequest): boolean {
  return SAFE.has(request.method ?? 'GET') && headerOf(request, 'upgrade') === undefined;
}

/** Several of one header are no header that a browser sends; joined they match nothing. */
function headerOf({ headers }: CookieRequest, name: string): string | undefined {
  if (isHeaderList(headers)) return headers.get(name) ?? undefined;
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

function isHeaderList(headers: CookieRequest['headers']): headers is HeaderList {
  return typeof headers['get'] === 'function';
}
