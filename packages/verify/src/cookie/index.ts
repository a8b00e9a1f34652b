/**
 * The access token of a request, from the `Authorization` header or from the cookie of cookie mode.
 *
 * A cookie is sent by the browser whoever has asked it to. So it counts only for calls that come from
 * the service's own origin or a configured one; what changes something has to prove it.
 */
import { Refusal, tokenCookieNames } from '@portcullis/contracts';
import { provenanceOf, type CookiePolicy } from './provenance.ts';
import { cookieValues } from './read-cookies.ts';

export {
  provenanceOf,
  type BrowserHeaders,
  type CookiePolicy,
  type Provenance,
} from './provenance.ts';
export { cookieValues } from './read-cookies.ts';

/** The part of Node's request, and of what frameworks make of it, that is looked at. */
export interface CookieRequest {
  method?: string | undefined;
  headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** Methods that change nothing (RFC 9110 section 9.2.1). */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * The value for `protect`'s context: the header as it was sent, or one made of the cookie.
 *
 * @returns undefined where there is neither
 * @throws Refusal `cross_site`; `invalid_token` for a cookie and a header that disagree
 * @example
 * createContext: ({ req }) => ({ authorization: authorizationOf(req) })
 */
export function authorizationOf(
  request: CookieRequest,
  policy: CookiePolicy = {},
): string | undefined {
  const header = one(request.headers['authorization']);
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
  const [token, ...more] = cookieValues(one(request.headers['cookie']), access);
  if (token === undefined) return undefined;
  refuseForeign(request, policy);
  if (more.length > 0) throw new Refusal('invalid_token');
  return token;
}

/** @throws Refusal `cross_site` for a request whose cookies must not count */
export function refuseForeign(request: CookieRequest, policy: CookiePolicy): void {
  const { headers, method = 'GET' } = request;
  const provenance = provenanceOf(
    {
      origin: one(headers['origin']),
      secFetchSite: one(headers['sec-fetch-site']),
      host: one(headers['host']),
    },
    policy,
  );
  if (provenance === 'own' || (provenance === 'unknown' && SAFE.has(method))) return;
  throw new Refusal('cross_site', { cause: new Error(`provenance ${provenance}`) });
}

/** Several of one header are no header that a browser sends; joined they match nothing. */
function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value;
}
