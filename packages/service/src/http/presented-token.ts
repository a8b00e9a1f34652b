/**
 * The access token of a request: in the one `Authorization` header (RFC 6750 section 2.1, RFC 9449
 * section 7.1), or in the cookie of cookie mode. A token in the query (RFC 6750 section 2.3) ends up in
 * logs and histories; it is not looked at.
 */
import { Refusal } from '@portcullis/contracts';
import { readAuthorization, type Possession, type PresentedToken } from '@portcullis/verify';
import { accessCookie } from '@portcullis/verify/cookie';
import type { FastifyRequest } from 'fastify';
import { exchangeOf } from './exchange.ts';
import { requestTarget } from './request-target.ts';
import { carriesTokens } from './token-cookies.ts';

export interface TokenOfRequest {
  token: string;
  /** What came with it under the `DPoP` scheme; the same object however often it is asked for. */
  possession?: Possession;
}

const known = new WeakMap<FastifyRequest, TokenOfRequest>();

/**
 * @param publicUrls where this service is reached, without a slash at the end: the addresses that a
 *   proof may name
 * @throws Refusal `invalid_token` where there is none, where a header and a cookie disagree, and for
 *   anything else that no honest client sends; `cross_site` for a cookie that must not count
 */
export function presentedToken(
  request: FastifyRequest,
  publicUrls: readonly string[],
): TokenOfRequest {
  const before = known.get(request);
  if (before !== undefined) return before;
  const cookie = accessCookie(request, exchangeOf(request).cookies);
  if (cookie !== undefined) return tokenOfCookie(request, cookie);
  const { token, scheme } = onlyToken(request);
  const found =
    scheme === 'bearer' ? { token } : { token, possession: possessionOf(request, publicUrls) };
  known.set(request, found);
  return found;
}

/** A browser has no key to bind it to: a token in a cookie is a bearer's. */
function tokenOfCookie(request: FastifyRequest, token: string): TokenOfRequest {
  if (headerValues(request, 'authorization').length > 0 && bearerToken(request) !== token) {
    throw new Refusal('invalid_token', { cause: new Error('a cookie and a bearer disagree') });
  }
  return { token };
}

/** @throws Refusal `invalid_token` unless there is exactly one bearer token (RFC 6750 section 2.1) */
export function bearerToken(request: FastifyRequest): string {
  const { token, scheme } = onlyToken(request);
  if (scheme !== 'bearer') throw new Refusal('invalid_token');
  return token;
}

function onlyToken(request: FastifyRequest): PresentedToken {
  const [value, ...more] = headerValues(request, 'authorization');
  if (more.length > 0) throw new Refusal('invalid_token');
  return readAuthorization(value);
}

export function possessionOf(request: FastifyRequest, publicUrls: readonly string[]): Possession {
  const { path } = requestTarget(request.raw.url ?? '/');
  return {
    proofs: headerValues(request, 'dpop'),
    method: request.method,
    urls: publicUrls.map((url) => `${url}${path}`),
  };
}

/** Whether the client offered credentials, and how; decides what a 401 says (RFC 6750 section 3.1). */
export function presentedScheme(request: FastifyRequest): 'none' | 'dpop' | 'other' {
  const [value] = headerValues(request, 'authorization');
  if (value === undefined) return carriesTokens(request) ? 'other' : 'none';
  return /^dpop(?: |$)/i.test(value) ? 'dpop' : 'other';
}

/** Node keeps only the first of several, or joins them, so the raw list is read. */
function headerValues(request: FastifyRequest, wanted: string): string[] {
  const { rawHeaders } = request.raw;
  const values: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() === wanted) values.push(rawHeaders[i + 1] ?? '');
  }
  return values;
}
