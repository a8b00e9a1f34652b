/**
 * The streams that are open, each tied to its token. Streams are bounded apart from requests, since
 * they last: for the process, and for each user or client, so that none of them can take all.
 */
import type { WatchedToken } from '@portcullis/api';
import { Refusal } from '@portcullis/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ServiceGuard } from '../service-guard.ts';
import { MAX_STREAMS, MAX_STREAMS_OF_ONE, STREAM_END_BOUND_MS } from './bounds.ts';

/** Seconds until a client should try again. */
const RETRY_AFTER_S = 1;

export class OpenStreams {
  readonly #guard: Pick<ServiceGuard, 'watch'>;
  readonly #open = new Set<AbortController>();
  readonly #bySubject = new Map<string, number>();
  #ending = false;

  constructor(guard: Pick<ServiceGuard, 'watch'>) {
    this.#guard = guard;
  }

  get size(): number {
    return this.#open.size;
  }

  /**
   * Released when the answer is finished or broken off.
   *
   * @throws Refusal those of the check; `overloaded`, `rate_limited`, and `unavailable` at the end
   */
  async hold(request: FastifyRequest, reply: FastifyReply): Promise<WatchedToken> {
    if (this.#guard.watch === undefined) throw new Error('this service has no streams');
    if (this.#ending) throw new Refusal('unavailable', { retryAfter: RETRY_AFTER_S });
    const watched = await this.#guard.watch(request.raw);
    const { caller: claims, signal } = watched;
    const stream = new AbortController();
    try {
      this.#enter(stream, claims.sub);
    } catch (error) {
      watched[Symbol.dispose]();
      throw error;
    }
    const cut = () => {
      stream.abort(signal.reason);
      breakOffLater(reply);
    };
    signal.addEventListener('abort', cut, { once: true });
    const release = () => {
      signal.removeEventListener('abort', cut);
      watched[Symbol.dispose]();
      this.#leave(stream, claims.sub);
    };
    reply.raw.once('close', release);
    if (reply.raw.destroyed) release();
    return { claims, signal: stream.signal };
  }

  /** Asks every client to come back, to another instance perhaps; and takes no more of them. */
  endAll(): void {
    this.#ending = true;
    for (const stream of this.#open) {
      stream.abort(new Refusal('unavailable', { retryAfter: RETRY_AFTER_S }));
    }
  }

  #enter(stream: AbortController, subject: string): void {
    if (this.#open.size >= MAX_STREAMS) {
      throw new Refusal('overloaded', { retryAfter: RETRY_AFTER_S });
    }
    const others = this.#bySubject.get(subject) ?? 0;
    if (others >= MAX_STREAMS_OF_ONE) {
      throw new Refusal('rate_limited', { retryAfter: RETRY_AFTER_S });
    }
    this.#bySubject.set(subject, others + 1);
    this.#open.add(stream);
  }

  #leave(stream: AbortController, subject: string): void {
    if (!this.#open.delete(stream)) return;
    const left = (this.#bySubject.get(subject) ?? 1) - 1;
    if (left === 0) this.#bySubject.delete(subject);
    else this.#bySubject.set(subject, left);
  }
}

/** A client that does not read gets no reason, and does not keep its connection. */
function breakOffLater(reply: FastifyReply): void {
  const timer = setTimeout(() => {
    if (!reply.raw.writableFinished) reply.raw.destroy();
  }, STREAM_END_BOUND_MS);
  reply.raw.once('close', () => clearTimeout(timer));
}
