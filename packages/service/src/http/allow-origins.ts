/**
 * CORS (Fetch standard, "CORS protocol"): closed, except for the origins that are configured. A page
 * of another origin is answered, if at all, without the headers that would let it read the answer.
 *
 * Every answer has these headers, also where the parser or the router refuses before any hook runs: or
 * the page would see a network error instead of the refusal.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { CookieSettings } from './exchange.ts';
import type { Headers } from './security-headers.ts';

const METHODS = 'GET, POST, PUT, PATCH, DELETE';
const REQUEST_HEADERS = ['authorization', 'content-type', 'dpop', 'last-event-id', 'x-request-id'];
const ANSWER_HEADERS = ['date', 'dpop-nonce', 'retry-after', 'www-authenticate', 'x-request-id'];
/** Seconds for which a browser need not ask again. */
const MAX_AGE = '600';

/** What an answer to a request of this origin carries. */
export function crossOriginHeaders(settings: CookieSettings, origin: string | undefined): Headers {
  const origins = settings.origins ?? [];
  if (origins.length === 0) return {};
  if (origin === undefined || !origins.includes(origin)) return { vary: 'origin' };
  return {
    vary: 'origin',
    'access-control-allow-origin': origin,
    'access-control-allow-credentials': 'true',
    'access-control-expose-headers': listed(ANSWER_HEADERS, settings.exposedHeaders),
  };
}

export function allowOrigins(app: FastifyInstance, settings: CookieSettings): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(crossOriginHeaders(settings, request.headers.origin));
    if (isPreflight(request, settings)) return answerPreflight(reply, settings);
    return undefined;
  });
}

/** The question of a browser whether a page of an allowed origin may send a request. */
export function isPreflight(request: FastifyRequest, settings: CookieSettings): boolean {
  const { origin, 'access-control-request-method': asked } = request.headers;
  if (request.method !== 'OPTIONS' || asked === undefined || origin === undefined) return false;
  return settings.origins?.includes(origin) === true;
}

/** Answers a preflight for any address: a wrong one is refused with the request itself. */
export function answerPreflight(reply: FastifyReply, settings: CookieSettings): FastifyReply {
  return reply
    .code(204)
    .headers({
      'access-control-allow-methods': METHODS,
      'access-control-allow-headers': listed(REQUEST_HEADERS, settings.requestHeaders),
      'access-control-max-age': MAX_AGE,
    })
    .send();
}

function listed(own: readonly string[], further: readonly string[] = []): string {
  return [...new Set([...own, ...further])].join(', ');
}
