/** Counts what is under way, refuses what is over the bound, and waits for the rest when stopping. */
import { Refusal } from '@portcullis/contracts';
import type { FastifyInstance } from 'fastify';
import type { HttpMetrics } from '../metrics/http-metrics.ts';
import { DRAIN_BOUND, MAX_IN_FLIGHT } from './bounds.ts';

/** Seconds until an overloaded service wants to hear from the client again. */
const RETRY_AFTER = 1;
const PROBES = new Set(['/healthz', '/readyz', '/metrics']);

export class InFlight {
  #count = 0;
  #draining = false;
  #emptied: (() => void) | undefined;

  get draining(): boolean {
    return this.#draining;
  }

  watch(app: FastifyInstance, metrics: HttpMetrics): void {
    app.addHook('onRequest', async (request, reply) => {
      if (this.#draining) reply.header('connection', 'close');
      const endless = request.headers.accept?.includes('text/event-stream') === true;
      metrics.started();
      if (!endless) this.#count += 1;
      // `close` comes once for each answer, finished or broken off.
      reply.raw.once('close', () => {
        metrics.finished();
        if (endless) return;
        this.#count -= 1;
        if (this.#count === 0) this.#emptied?.();
      });
      if (this.#count > MAX_IN_FLIGHT && !PROBES.has(request.routeOptions.url ?? '')) {
        throw new Refusal('overloaded', { retryAfter: RETRY_AFTER });
      }
    });
  }

  /** No new connections; resolves when nothing is under way, or when the bound is reached. */
  async drain(app: FastifyInstance): Promise<void> {
    this.#draining = true;
    app.server.close();
    if (this.#count === 0) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#emptied = resolve;
      timer = setTimeout(resolve, DRAIN_BOUND);
    });
    clearTimeout(timer);
  }
}
