/**
 * CORS (Fetch standard, "CORS protocol"): closed, except for the origins that are configured. A page
 * of another origin is answered, if at all, without the headers that would let it read the answer.
 */
import type { FastifyInstance } from 'fastify';

const METHODS = 'GET, POST, PUT, PATCH, DELETE';
const REQUEST_HEADERS = 'authorization, content-type, dpop, last-event-id, x-request-id';
const ANSWER_HEADERS = 'date, dpop-nonce, retry-after, www-authenticate, x-request-id';
/** Seconds for which a browser need not ask again. */
const MAX_AGE = '600';

export function allowOrigins(app: FastifyInstance, origins: readonly string[]): void {
  if (origins.length === 0) return;
  app.addHook('onRequest', async (request, reply) => {
    reply.header('vary', 'origin');
    const { origin } = request.headers;
    if (origin === undefined || !origins.includes(origin)) return undefined;
    reply.headers({
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': ANSWER_HEADERS,
    });
    const asked = request.headers['access-control-request-method'];
    if (request.method !== 'OPTIONS' || asked === undefined) return undefined;
    return reply
      .code(204)
      .headers({
        'access-control-allow-methods': METHODS,
        'access-control-allow-headers': REQUEST_HEADERS,
        'access-control-max-age': MAX_AGE,
      })
      .send();
  });
}
