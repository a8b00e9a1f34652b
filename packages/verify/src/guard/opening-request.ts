/** The request that a socket was opened with, for protocols that bring the token apart from its headers. */
import { headerValues, type RawRequest, type RequestLike } from '../wire/request.ts';

/** Of a request of Node, the part that is looked at. */
export interface NodeRequestLike extends RawRequest {
  method?: string | undefined;
  url?: string | undefined;
  headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/**
 * What the guard is asked with. A cookie counts with it as with a WebSocket: only from a page that is known to be
 * one's own, whichever way its first message took.
 *
 * @param request the first request of the connection
 * @param token what the client sent beside it, of whatever type: a bearer's, which stands beside an
 *   `Authorization` header, so that two are refused as two headers are; undefined and null are none
 */
export function openingRequest(request: NodeRequestLike, token: unknown): RequestLike {
  const { method, url, headers } = request;
  const opening = { method, url, headers, raw: request, opensSocket: true };
  if (token === undefined || token === null) return opening;
  const own = `Bearer ${typeof token === 'string' ? token : ''}`;
  const authorization = [...headerValues(opening, 'authorization'), own];
  return { ...opening, headers: { ...headers, authorization } };
}
