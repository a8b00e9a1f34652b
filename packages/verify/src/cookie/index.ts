/**
 * The tokens that a request brings in the cookies of cookie mode.
 *
 * A cookie is sent by the browser whichever page has asked it to. So it counts only for calls that come from
 * the service's own origin or a configured one; what changes something has to prove it.
 */
import { Refusal, tokenCookieNames } from '@portcullis/contracts';
import { hostOf, joinedHeader, type RequestLike } from '../wire/request.ts';
import { provenanceOf, type CookiePolicy, type Provenance } from './provenance.ts';
import { cookieValues } from './read-cookies.ts';

export {
  provenanceOf,
  type BrowserHeaders,
  type CookiePolicy,
  type Provenance,
} from './provenance.ts';
export { cookieValues } from './read-cookies.ts';

/** Methods that change nothing (RFC 9110 section 9.2.1). */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * The access token in the cookie.
 *
 * @returns undefined where there is none
 * @throws Refusal `cross_site`; `invalid_token` when it is there twice
 */
export function accessCookie(request: RequestLike, policy: CookiePolicy): string | undefined {
  const { access } = tokenCookieNames(policy.insecure === true);
  const [token, ...more] = cookieValues(joinedHeader(request, 'cookie'), access);
  if (token === undefined) return undefined;
  refuseForeign(request, policy);
  if (more.length > 0) throw new Refusal('invalid_token', { reason: 'several_tokens' });
  return token;
}

/** @returns the refresh token in the cookie; undefined where there is none, or more than one */
export function refreshCookie(request: RequestLike, policy: CookiePolicy): string | undefined {
  const { refresh } = tokenCookieNames(policy.insecure === true);
  const [token, ...more] = cookieValues(joinedHeader(request, 'cookie'), refresh);
  return more.length === 0 ? token : undefined;
}

/** Whether the request brings a cookie of ours, whatever is in it. */
export function carriesTokenCookies(request: RequestLike, policy: CookiePolicy): boolean {
  const header = joinedHeader(request, 'cookie');
  if (header === undefined) return false;
  const { access, refresh } = tokenCookieNames(policy.insecure === true);
  return [access, refresh].some((name) => cookieValues(header, name).length > 0);
}

/** @throws Refusal `cross_site` for a request whose cookies must not count */
export function refuseForeign(request: RequestLike, policy: CookiePolicy): void {
  const provenance = provenanceOfRequest(request, policy);
  if (provenance === 'own' || (provenance === 'unknown' && isSafe(request))) return;
  const cause = new Error(`provenance ${provenance}`);
  throw new Refusal('cross_site', { cause, reason: 'cross_site' });
}

/**
 * Whatever changes something and brings tokens in cookies is refused before anything looks at it; what only
 * reads is refused where the token is read.
 *
 * @throws Refusal `cross_site`
 */
export function refuseForeignChange(request: RequestLike, policy: CookiePolicy): void {
  if (!SAFE.has(request.method ?? '') && carriesTokenCookies(request, policy)) {
    refuseForeign(request, policy);
  }
}

/** Where the request comes from, by the headers that no script can set. */
export function provenanceOfRequest(request: RequestLike, policy: CookiePolicy): Provenance {
  const origin = joinedHeader(request, 'origin');
  const secFetchSite = joinedHeader(request, 'sec-fetch-site');
  return provenanceOf({ origin, secFetchSite, host: hostOf(request) }, policy);
}

/**
 * A socket is opened by a GET, and what comes over it may change anything; no CORS keeps a foreign page
 * from reading a WebSocket. A browser says where it comes from (RFC 6455 section 4.1, item 8).
 */
function isSafe(request: RequestLike): boolean {
  if (request.opensSocket === true || joinedHeader(request, 'upgrade') !== undefined) return false;
  return SAFE.has(request.method ?? '');
}
