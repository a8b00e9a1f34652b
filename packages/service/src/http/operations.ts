/** What operators and orchestrators ask: alive, able, and how it goes. */
import type { FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';
import type { InFlight } from './drain.ts';
import type { ReadinessProbe } from './readiness.ts';

export interface OperationRoutes {
  readiness: ReadinessProbe;
  registry: Registry;
  inFlight: InFlight;
}

export function addOperationRoutes(app: FastifyInstance, parts: OperationRoutes): void {
  app.get('/healthz', async () => ({ status: 'alive' }));
  app.get('/readyz', async (_request, reply) => {
    if (parts.inFlight.draining) {
      return reply.code(503).send({ status: 'not_ready', checks: { process: STOPPING } });
    }
    const readiness = await parts.readiness.ask();
    return reply.code(readiness.status === 'ready' ? 200 : 503).send(readiness);
  });
  app.get('/metrics', async (_request, reply) =>
    reply.type(parts.registry.contentType).send(await parts.registry.metrics()),
  );
}

const STOPPING = { ok: false, reason: 'stopping' };
