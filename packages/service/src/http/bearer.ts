/**
 * The access token of a request: in the one `Authorization` header (RFC 6750 section 2.1), or in the
 * cookie of cookie mode. A token in the query (section 2.3) ends up in logs and histories; it is not
 * looked at.
 */
import { Refusal } from '@portcullis/contracts';
import { accessCookie } from '@portcullis/verify/cookie';
import type { FastifyRequest } from 'fastify';
import { exchangeOf } from './exchange.ts';
import { carriesTokens } from './token-cookies.ts';

/**
 * @throws Refusal `invalid_token` where there is none, where a header and a cookie disagree, and for
 *   anything else that no honest client sends; `cross_site` for a cookie that must not count
 */
export function accessTokenOf(request: FastifyRequest): string {
  const token = accessCookie(request, exchangeOf(request).cookies);
  if (token === undefined) return bearerToken(request);
  if (authorizationValues(request).length > 0 && bearerToken(request) !== token) {
    throw new Refusal('invalid_token', { cause: new Error('a cookie and a bearer disagree') });
  }
  return token;
}

/** @throws Refusal `invalid_token` when there is not exactly one header with exactly one token */
export function bearerToken(request: FastifyRequest): string {
  const values = authorizationValues(request);
  const [value] = values;
  if (value === undefined || values.length !== 1) throw new Refusal('invalid_token');
  // b64token of RFC 6750 section 2.1; the length is judged by whoever verifies the token.
  const token = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i.exec(value)?.[1];
  if (token === undefined) throw new Refusal('invalid_token');
  return token;
}

/** Whether the client offered credentials at all; decides what a 401 says (RFC 6750 section 3.1). */
export function offersCredentials(request: FastifyRequest): boolean {
  return authorizationValues(request).length > 0 || carriesTokens(request);
}

/** Node keeps only the first of several, so the raw list is read. */
function authorizationValues(request: FastifyRequest): string[] {
  const { rawHeaders } = request.raw;
  const values: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() === 'authorization') values.push(rawHeaders[i + 1] ?? '');
  }
  return values;
}
