/** Counts what is under way, refuses what is over the bound, and waits for the rest when stopping. */
import { Refusal } from '@portcullis/contracts';
import type { FastifyInstance } from 'fastify';
import type { HttpMetrics } from '../metrics/http-metrics.ts';
import { DRAIN_BOUND, MAX_IN_FLIGHT, STREAM_END_BOUND } from './bounds.ts';
import { exchangeOf } from './exchange.ts';

/** Seconds until an overloaded service wants to hear from the client again. */
const RETRY_AFTER = 1;
const PROBES = new Set(['/healthz', '/readyz', '/metrics']);

export class InFlight {
  #count = 0;
  /** Answers that have become streams: they last, and are bounded elsewhere. */
  #streams = 0;
  #draining = false;
  #changed: (() => void) | undefined;

  get draining(): boolean {
    return this.#draining;
  }

  watch(app: FastifyInstance, metrics: HttpMetrics): void {
    app.addHook('onRequest', async (request, reply) => {
      if (this.#draining) reply.header('connection', 'close');
      let isStream = false;
      metrics.started();
      this.#count += 1;
      exchangeOf(request).becomesStream = () => {
        if (isStream || reply.raw.closed) return;
        isStream = true;
        this.#count -= 1;
        this.#streams += 1;
        this.#changed?.();
      };
      // `close` comes once for each answer, finished or broken off.
      reply.raw.once('close', () => {
        metrics.finished();
        if (isStream) this.#streams -= 1;
        else this.#count -= 1;
        this.#changed?.();
      });
      if (this.#count > MAX_IN_FLIGHT && !PROBES.has(request.routeOptions.url ?? '')) {
        throw new Refusal('overloaded', { retryAfter: RETRY_AFTER });
      }
    });
  }

  /**
   * No new connections; resolves when nothing is under way, or when the bounds are reached. Streams
   * have been told to end by then, and get less time for it.
   */
  async drain(app: FastifyInstance): Promise<void> {
    this.#draining = true;
    app.server.close();
    await this.#until(() => this.#count === 0 && this.#streams === 0, STREAM_END_BOUND);
    await this.#until(() => this.#count === 0, DRAIN_BOUND - STREAM_END_BOUND);
  }

  async #until(reached: () => boolean, bound: number): Promise<void> {
    if (reached()) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#changed = () => {
        if (reached()) resolve();
      };
      timer = setTimeout(resolve, bound);
    });
    clearTimeout(timer);
    this.#changed = undefined;
  }
}
