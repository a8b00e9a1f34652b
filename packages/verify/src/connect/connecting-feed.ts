/**
 * A feed over NATS that makes its connection itself.
 *
 * Invariants: nothing is connected before `open`. Until there is a connection it is tried again and again, whatever the
 * failure was: a user may be added to NATS after its service has started. After `close` no connection is left, nor one
 * that comes later, and no timer.
 */
import type { BusConnectionOptions } from '@portcullis/bus';
import type { Acknowledgement, Deregistration, GrantRequest } from '@portcullis/contracts';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { setTimeout as sleep } from 'node:timers/promises';
import { natsFeed, type NatsFeedOptions } from '../feeds/nats/index.ts';
import { FIX_OF_REFUSED_LOGIN, isRefusedLogin } from '../feeds/nats/refused-login.ts';
import type { FeedListener, RevocationFeed } from '../revocation/feed.ts';
import { reasonOf } from '../wire/reason-of.ts';

/** Milliseconds between two attempts at the first connection; later ones are the library's. */
const RETRY_MS = 250;
/** For what is buffered when the verifier closes. */
const DRAIN_MS = 1_000;

export class ConnectingFeed implements RevocationFeed {
  readonly #connect: BusConnectionOptions;
  readonly #options: Omit<NatsFeedOptions, 'connection'>;
  readonly #closing = new AbortController();
  #connection: NatsConnection | undefined;
  #feed: RevocationFeed | undefined;
  /** Why there is no connection yet. */
  #problem: string | undefined;

  constructor(options: BusConnectionOptions, feedOptions: Omit<NatsFeedOptions, 'connection'>) {
    this.#connect = options;
    this.#options = feedOptions;
  }

  async open(listener: FeedListener, service: string): Promise<void> {
    this.#feed = natsFeed({ ...this.#options, connection: this.#connected() });
    await this.#feed.open(listener, service);
  }

  async request(request: GrantRequest, timeoutMs: number): Promise<Uint8Array> {
    if (this.#feed === undefined) throw new Error('not connected to NATS');
    return await this.#feed.request(request, timeoutMs);
  }

  problems(): readonly string[] {
    if (this.#connection === undefined && this.#problem !== undefined) return [this.#problem];
    return this.#feed?.problems?.() ?? [];
  }

  acknowledge(acknowledgement: Acknowledgement): void {
    this.#feed?.acknowledge(acknowledgement);
  }

  async deregister(deregister: Deregistration): Promise<void> {
    await this.#feed?.deregister(deregister);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#feed?.close();
    const connection = this.#connection;
    if (connection === undefined || connection.isClosed()) return;
    // Draining asks the server, which may not answer.
    const late = new AbortController();
    const drained = connection.drain().catch(() => undefined);
    const bound = sleep(DRAIN_MS, undefined, { signal: late.signal }).catch(() => undefined);
    await Promise.race([drained, bound]);
    late.abort();
    await connection.close();
  }

  /** Rejects once this feed is closed, and for no other reason. */
  async #connected(): Promise<NatsConnection> {
    const { signal } = this.#closing;
    for (;;) {
      signal.throwIfAborted();
      const connection = await connect(this.#connect).catch((error: unknown) => {
        const fix = isRefusedLogin(error)
          ? FIX_OF_REFUSED_LOGIN
          : 'check its address, user and password';
        this.#problem = `there is no connection to NATS yet (${reasonOf(error)}): ${fix}`;
        return undefined;
      });
      if (connection !== undefined && signal.aborted) await connection.close();
      else if (connection !== undefined) {
        this.#connection = connection;
        return connection;
      }
      await sleep(RETRY_MS, undefined, { signal });
    }
  }
}
