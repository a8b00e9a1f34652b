/** One line and one observation for each request, when its answer is out or the client has gone. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { HttpMetrics } from '../metrics/http-metrics.ts';
import { exchangeOf } from './exchange.ts';
import { loggedPath } from './request-target.ts';

const PROBES = new Set(['/healthz', '/readyz', '/metrics']);
/** What a proxy's log calls a client that went away before its answer. */
const CLIENT_GONE = 499;

export function logRequests(app: FastifyInstance, metrics: HttpMetrics): void {
  app.addHook('onResponse', async (request, reply) => {
    record(metrics, request, reply, reply.statusCode);
  });
  app.addHook('onRequestAbort', async (request) => {
    request.log.debug({ path: loggedPath(request.raw.url ?? '/') }, 'client gone');
  });
}

function record(
  metrics: HttpMetrics,
  request: FastifyRequest,
  reply: FastifyReply,
  answered: number,
): void {
  const exchange = exchangeOf(request);
  const route = exchange.route ?? request.routeOptions.url ?? '(unmatched)';
  const status = reply.raw.writableFinished ? answered : CLIENT_GONE;
  const code = exchange.refusal?.code;
  const seconds = reply.elapsedTime / 1_000;
  metrics.observe({ method: request.method, route, status, seconds, code });
  request.log[PROBES.has(route) ? 'debug' : 'info'](
    {
      method: request.method,
      path: loggedPath(request.raw.url ?? '/'),
      route,
      status,
      ms: Math.round(reply.elapsedTime * 10) / 10,
      address: request.ip,
      ...(code === undefined ? {} : { code }),
    },
    'request',
  );
}
