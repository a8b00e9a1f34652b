/**
 * The access token of a request: in the one `Authorization` header (RFC 6750 section 2.1, RFC 9449
 * section 7.1), or in the cookie of cookie mode. A token in the query (RFC 6750 section 2.3) ends up in
 * logs and histories; it is not looked at.
 */
import { Refusal } from '@portcullis/contracts';
import { accessCookie, carriesTokenCookies, type CookiePolicy } from '../cookie/index.ts';
import { readAuthorization } from '../proof/authorization.ts';
import type { Possession } from '../proof/possession.ts';
import { requestTarget } from '../wire/request-target.ts';
import { headerValues, identityOf, sentValues, type RequestLike } from '../wire/request.ts';
import type { OfferedScheme } from './refusal-headers.ts';

/** Where a token may be, and where the request may have been sent to. */
export interface TokenPolicy {
  /** Cookie mode; without it no cookie is looked at. */
  cookies?: CookiePolicy | undefined;
  /**
   * Where clients reach this service, without a slash at the end: the addresses that a DPoP proof may name,
   * from configuration and never from the Host header. Without one, tokens that are bound to keys are refused.
   */
  publicUrls?: readonly string[] | undefined;
}

export interface TokenOfRequest {
  token: string;
  /** What came with it under the `DPoP` scheme; the same object however often it is asked for. */
  possession?: Possession;
}

/**
 * @throws Refusal `invalid_token` where there is none, where a header and a cookie disagree, and for
 *   anything else that no honest client sends; `cross_site` for a cookie that must not count
 */
export function tokenOf(request: RequestLike, policy: TokenPolicy = {}): TokenOfRequest {
  const sent = sentValues(request, 'authorization');
  const cookie = policy.cookies === undefined ? undefined : accessCookie(request, policy.cookies);
  if (cookie !== undefined) return tokenOfCookie(sent, cookie);
  const { token, scheme } = readAuthorization(sent);
  if (scheme === 'bearer') return { token };
  return { token, possession: possessionOf(request, policy.publicUrls ?? []) };
}

/** A browser has no key to bind it to: a token in a cookie is a bearer's. */
function tokenOfCookie(sent: ReturnType<typeof sentValues>, token: string): TokenOfRequest {
  if (sent !== undefined) {
    const header = readAuthorization(sent);
    if (header.scheme !== 'bearer' || header.token !== token) {
      const cause = new Error('a cookie and a bearer disagree');
      throw new Refusal('invalid_token', { cause, reason: 'several_tokens' });
    }
  }
  return { token };
}

/** By the addresses that the proofs of a request may name. */
const known = new WeakMap<object, Map<string, Possession>>();

/**
 * What a request brings to show that its sender holds a key: the same object however often it is asked for with
 * the same addresses. A proof is good for one request, and there for every guard, each with its own addresses.
 *
 * @param request the very object that stands for the request, or the framework's that is made of it
 */
export function possessionOf(request: RequestLike, publicUrls: readonly string[]): Possession {
  const identity = identityOf(request);
  const named = publicUrls.join(' ');
  const before = known.get(identity)?.get(named);
  if (before !== undefined) return before;
  const { path } = requestTarget(request.originalUrl ?? request.url ?? '/');
  const possession: Possession = {
    proofs: headerValues(request, 'dpop'),
    method: request.method ?? '',
    // What is no path (`*`, or anything that would become a part of the host) has no address here.
    urls: path.startsWith('/') ? publicUrls.map((url) => `${url}${path}`) : [],
    request: identity,
  };
  const ofRequest = known.get(identity) ?? new Map<string, Possession>();
  known.set(identity, ofRequest.set(named, possession));
  return possession;
}

/** Whether the client offered credentials, and how; decides what a 401 says (RFC 6750 section 3.1). */
export function presentedScheme(
  request: RequestLike,
  cookies: CookiePolicy | undefined,
): OfferedScheme {
  const [value] = headerValues(request, 'authorization');
  if (value !== undefined) return /^dpop(?: |$)/i.test(value) ? 'dpop' : 'bearer';
  const carries = cookies !== undefined && carriesTokenCookies(request, cookies);
  return carries ? 'bearer' : 'none';
}
