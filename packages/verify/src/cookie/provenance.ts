/**
 * Where a request of a browser comes from, by the two headers that no script can set: what decides
 * whether its cookies speak for the user.
 *
 * `SameSite=Strict` keeps other sites out, and not a sibling host of the same site; a browser that is
 * too old for one of the headers sends the other. So both are asked, and they must not contradict
 * each other.
 */

export interface CookiePolicy {
  /** Takes the form of the cookies that plain http on this machine needs; false unless given. */
  insecure?: boolean;
  /** Origins of pages, beside the service's own, whose calls may carry cookies: `https://app.example.com`. */
  origins?: readonly string[];
}

/** Header values as they were sent; undefined where there is none. */
export interface BrowserHeaders {
  origin: string | undefined;
  secFetchSite: string | undefined;
  /** The host of the request, with its port. */
  host: string | undefined;
}

/** `unknown`: no browser has said anything. */
export type Provenance = 'own' | 'foreign' | 'unknown';

/** This machine (RFC 6761 section 6.3), to which browsers give what they give to https. */
const LOCAL = /^(.+\.)?localhost$|^127\.0\.0\.1$|^\[::1\]$/;

export function provenanceOf(
  { origin, secFetchSite, host }: BrowserHeaders,
  { origins = [] }: CookiePolicy,
): Provenance {
  const isListed = origin !== undefined && origins.includes(origin);
  const isOwn = isListed || (origin !== undefined && isOriginOf(origin, host));
  switch (secFetchSite) {
    case undefined:
      if (origin === undefined) return 'unknown';
      return isOwn ? 'own' : 'foreign';
    case 'same-origin':
      return origin === undefined || isOwn ? 'own' : 'foreign';
    case 'none':
      // The address bar, or an extension: no page stands behind it.
      return origin === undefined ? 'unknown' : 'foreign';
    default:
      // `same-site`, `cross-site`, and values that may come to exist.
      return isListed ? 'own' : 'foreign';
  }
}

/** What a Host header is made of (RFC 9110 section 7.2): no path, no user, no white space. */
const HOST = /^[a-z0-9.\-_:[\]]+$/i;

/**
 * The page of the same host; over plain http only on this machine, where no attacker is in between. The
 * default port of the scheme goes without saying, in either of the two (RFC 9110 section 4.2.3).
 */
function isOriginOf(origin: string, host: string | undefined): boolean {
  if (host === undefined || !HOST.test(host) || !URL.canParse(origin)) return false;
  const url = new URL(origin);
  const own = `${url.protocol}//${host}`;
  if (url.origin !== origin || !URL.canParse(own) || new URL(own).origin !== origin) return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && LOCAL.test(url.hostname));
}
