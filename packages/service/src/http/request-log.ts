/** One line and one observation for each request, when its answer is out or the client has gone. */
import { isIP } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { HttpMetrics } from '../metrics/http-metrics.ts';
import { exchangeOf } from './exchange.ts';
import type { LoggedPaths } from './logged-path.ts';

const PROBES = new Set(['/healthz', '/readyz', '/metrics']);
/** What a proxy's log calls a client that disconnected before its answer. */
const CLIENT_GONE = 499;

export function logRequests(app: FastifyInstance, metrics: HttpMetrics, paths: LoggedPaths): void {
  app.addHook('onResponse', async (request, reply) => {
    record(metrics, request, reply, paths.of(request.raw.url ?? '/'));
  });
  app.addHook('onRequestAbort', async (request) => {
    request.log.debug({ path: paths.of(request.raw.url ?? '/') }, 'client closed request');
  });
}

function record(
  metrics: HttpMetrics,
  request: FastifyRequest,
  reply: FastifyReply,
  path: string,
): void {
  const exchange = exchangeOf(request);
  const route = exchange.route ?? request.routeOptions.url ?? '(unmatched)';
  const status = reply.raw.writableFinished ? reply.statusCode : CLIENT_GONE;
  const code = exchange.refusal?.code;
  const seconds = reply.elapsedTime / 1_000;
  metrics.observe({ method: request.method, route, status, seconds, code });
  request.log[PROBES.has(route) ? 'debug' : 'info'](
    {
      method: request.method,
      path,
      route,
      status,
      ms: Math.round(reply.elapsedTime * 10) / 10,
      // A proxy that is trusted, and hands on what it was sent, hands on any text.
      address: isIP(request.ip) === 0 ? 'unknown' : request.ip,
      ...(code === undefined ? {} : { code }),
    },
    'request',
  );
}
