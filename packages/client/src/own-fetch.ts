/**
 * `fetch` for services of one's own: with the access token, which is renewed as for the routers.
 *
 * A request that is refused for its token is sent again at most once, with another token. So its body is one that can be
 * sent again: a stream is read whole before.
 */
import { isRecord } from './answer-shape.ts';
import { credentialsOf, unlessAborted, type BearerSource } from './bearer-fetch.ts';
import { portcullisErrorOf } from './error.ts';
import type { Fetch } from './exchange.ts';
import { noAnswerFrom } from './no-answer.ts';
import { isAboutToken, isChallengedForToken } from './renewal.ts';
import type { ByAddress } from './service-address.ts';

/** The methods that the platform writes in capitals, whatever is given (WHATWG Fetch, section 2.2.1). */
const NORMALISED = /^(?:delete|get|head|options|post|put)$/i;

/**
 * @param sources where tokens come from, by the addresses that they may be sent to
 * @returns a function that rejects with TypeError for another address, with the reason of its signal once that fires, and
 *   with PortcullisError for everything else
 */
export function ownFetch(fetch: Fetch, sources: ByAddress<BearerSource>): Fetch {
  return async (input, init = {}) => {
    const url = addressOf(input);
    const source = sources.of(url);
    const request = await repeatable(input, init);
    const signal = request.signal ?? undefined;
    const send = async (token: string | undefined): Promise<Response> => {
      const headers = new Headers(request.headers);
      const sent = credentialsOf(source, token);
      headers.delete('authorization');
      if (sent.token !== undefined) headers.set('authorization', `Bearer ${sent.token}`);
      return await fetch(url.href, { ...request, headers, credentials: sent.credentials }).catch(
        (cause: unknown) => {
          throw noAnswerFrom(url, cause);
        },
      );
    };
    try {
      const token = await unlessAborted(source.accessToken(), signal);
      const response = await send(token);
      if (token === undefined || !(await asksForRenewal(response))) return response;
      const renewed = await unlessAborted(source.renew(token), signal);
      if (renewed === undefined) return response;
      // Its connection is free for others then.
      void response.body?.cancel().catch(() => {});
      return await send(renewed);
    } catch (error) {
      signal?.throwIfAborted();
      throw portcullisErrorOf(error);
    }
  };
}

function addressOf(input: string | URL | Request): URL {
  // Node and workers of servers have no location.
  return new URL(input instanceof Request ? input.url : input, globalThis.location?.href);
}

/** All that `fetch` is given, apart from the address, in a form that can be sent twice. */
async function repeatable(
  input: string | URL | Request,
  { body: given, ...init }: RequestInit,
): Promise<RequestInit> {
  const base = input instanceof Request ? optionsOf(input) : {};
  const body = given === undefined && input instanceof Request ? input.clone().body : given;
  const method = init.method ?? base.method ?? 'GET';
  const redirect = init.redirect ?? base.redirect;
  return {
    ...base,
    ...init,
    method: NORMALISED.test(method) ? method.toUpperCase() : method,
    body: body instanceof ReadableStream ? await new Response(body).arrayBuffer() : (body ?? null),
    // To follow would be to send the token to another address.
    redirect: redirect === 'manual' ? redirect : 'error',
  };
}

function optionsOf(request: Request): RequestInit {
  const { method, headers, signal, cache, integrity, keepalive, mode, redirect } = request;
  const { referrer, referrerPolicy } = request;
  const known = { method, headers, signal, cache, integrity, keepalive, redirect };
  return { ...known, mode, referrer, referrerPolicy };
}

/** By the code in the body, which a page of another origin may read; or else by the challenge (RFC 6750 section 3). */
async function asksForRenewal(response: Response): Promise<boolean> {
  if (response.status !== 401) return false;
  if (response.headers.get('content-type')?.includes('json') === true) {
    const body: unknown = await response
      .clone()
      .json()
      .catch(() => undefined);
    if (isRecord(body) && typeof body['code'] === 'string') return isAboutToken(body['code']);
  }
  return isChallengedForToken(response.headers);
}
