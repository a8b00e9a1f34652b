/**
 * Counts what is under way, refuses what is over the bound, and lets the service stop without breaking
 * anything off. From the signal on:
 *
 *   announced → (the drain delay) → backlog taken → no listener → nothing under way → over
 *
 * - Announced: every answer whose head is not out says `Connection: close` (RFC 9112 section 9.6), also
 *   those whose request began before, and `/readyz` is 503. New connections are taken and served as ever,
 *   so that balancers may look again and send new ones elsewhere.
 * - Backlog taken: connections that the kernel has taken for us are ours; closing the listener would
 *   reset them.
 * - No listener: idle connections stay a moment longer, since a request may be on its way on each.
 * - Over: nothing is under way, nor half received; or the bound is reached.
 */
import { Server, type Socket } from 'node:net';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { Refusal } from '@portcullis/contracts';
import type { FastifyInstance } from 'fastify';
import type { HttpMetrics } from '../metrics/http-metrics.ts';
import { DRAIN_BOUND_MS, LAST_REQUESTS, MAX_IN_FLIGHT, STREAM_END_BOUND_MS } from './bounds.ts';
import { exchangeOf } from './exchange.ts';

/** Seconds until a client should ask an overloaded service again. */
const RETRY_AFTER_S = 1;
const PROBES = new Set(['/healthz', '/readyz', '/metrics']);
/** Turns of the event loop without a new connection, after which there was none to take. */
const QUIET_TURNS = 2;
/** Turns in all: under a crowd of new connections there is no end to them. */
const MAX_TURNS = 100;
/** Milliseconds between two looks at what is under way. */
const LOOK_MS = 20;

/** Use of one connection: answers that are not finished, and the bytes read when one was. */
interface Use {
  answers: number;
  readUpTo: number;
}

export class InFlight {
  #count = 0;
  /** Answers that have become streams: they last, and are bounded elsewhere. */
  #streams = 0;
  #draining = false;
  #accepted = 0;
  readonly #connections = new Map<Socket, Use>();
  readonly #answers = new Set<ServerResponse>();

  get draining(): boolean {
    return this.#draining;
  }

  watch(app: FastifyInstance, metrics: HttpMetrics): void {
    app.server.on('connection', (socket) => this.#connected(socket));
    // Before the framework, which answers some requests without its hooks.
    app.server.prependListener('request', (request, answer) => this.#began(request, answer));
    app.addHook('onRequest', async (request, reply) => {
      let isStream = false;
      metrics.started();
      this.#count += 1;
      exchangeOf(request).becomesStream = () => {
        if (isStream || reply.raw.closed) return;
        isStream = true;
        this.#count -= 1;
        this.#streams += 1;
      };
      // `close` comes once for each answer, finished or broken off.
      reply.raw.once('close', () => {
        metrics.finished();
        if (isStream) this.#streams -= 1;
        else this.#count -= 1;
      });
      if (this.#count > MAX_IN_FLIGHT && !PROBES.has(request.routeOptions.url ?? '')) {
        throw new Refusal('overloaded', { retryAfter: RETRY_AFTER_S });
      }
    });
  }

  /** From here on every answer is the last on its connection, and `/readyz` says not ready. */
  announce(): void {
    this.#draining = true;
    for (const answer of this.#answers) isLast(answer);
  }

  /**
   * No new connections; resolves when nothing is under way, or when the bounds are reached. Streams
   * have been asked to end by then, and get less time for it.
   */
  async drain(app: FastifyInstance): Promise<void> {
    this.announce();
    await this.#takeBacklog();
    // The method of an HTTP server would also close idle connections, unread requests in them included.
    Server.prototype.close.call(app.server);
    const began = performance.now();
    if (this.#connections.size > 0) await sleep(LAST_REQUESTS);
    const isOver = () => this.#count === 0 && !this.#isHalfReceived();
    const left = (bound: number) => bound - (performance.now() - began);
    await until(() => isOver() && this.#streams === 0, left(STREAM_END_BOUND_MS));
    await until(isOver, left(DRAIN_BOUND_MS));
  }

  #connected(socket: Socket): void {
    this.#accepted += 1;
    this.#connections.set(socket, { answers: 0, readUpTo: 0 });
    socket.once('close', () => this.#connections.delete(socket));
  }

  #began({ socket }: IncomingMessage, answer: ServerResponse): void {
    const use = this.#connections.get(socket);
    if (use !== undefined) use.answers += 1;
    this.#answers.add(answer);
    answer.once('close', () => {
      this.#answers.delete(answer);
      if (use === undefined) return;
      use.answers -= 1;
      use.readUpTo = socket.bytesRead;
    });
    if (this.#draining) isLast(answer);
  }

  async #takeBacklog(): Promise<void> {
    let quiet = 0;
    for (let turns = 0; turns < MAX_TURNS && quiet < QUIET_TURNS; turns += 1) {
      const before = this.#accepted;
      await turn();
      quiet = this.#accepted === before ? quiet + 1 : 0;
    }
  }

  /** Whether a request has begun to arrive of which there is no answer yet. */
  #isHalfReceived(): boolean {
    for (const [socket, { answers, readUpTo }] of this.#connections) {
      if (answers === 0 && socket.bytesRead > readUpTo) return true;
    }
    return false;
  }
}

/** RFC 9112 section 9.6: the client must not send another request on this connection. */
function isLast(answer: ServerResponse): void {
  if (!answer.headersSent) answer.setHeader('connection', 'close');
}

async function until(reached: () => boolean, bound: number): Promise<void> {
  const deadline = performance.now() + bound;
  while (!reached() && performance.now() < deadline) await sleep(LOOK_MS);
}
