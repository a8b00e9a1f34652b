/**
 * A subscription of tRPC over server-sent events, by `fetch`: with the access token in a header
 * (the platform's EventSource would have to put it into the address, where logs keep it), and with a decision
 * after every end.
 *
 *   connecting ──"connected"──▶ open ──"return"──▶ over
 *       ▲                        │
 *       └── what passes ─────────┴── what is final ──▶ failed
 *
 * - `invalid_token` ends it permanently: the session was revoked. It does not connect again, and the
 *   session is over here too.
 * - `token_stale`: it connects again with a renewed token, once at once, then with growing delays.
 * - Staleness, overload, a restart, a broken connection, a silence longer than the server has said: it connects again,
 *   with growing delays.
 * - Anything else that a service refuses with is final.
 *
 * Its place is sent in `Last-Event-ID`, so that nothing is missed in between.
 */
import { isRecord } from './answer-shape.ts';
import { credentialsOf, type Calls } from './bearer-fetch.ts';
import { eitherSignal } from './either-signal.ts';
import { PortcullisError, portcullisErrorOf } from './error.ts';
import { isAboutToken } from './renewal.ts';
import type { ServerEvent } from './sse.ts';
import { connectStream, jsonIn } from './stream-connection.ts';
import { isRetryable, pause, reconnectDelayMs, STABLE_MS } from './stream-retry.ts';

export interface SubscriptionRequest {
  url: string;
  requestId: string | undefined;
}

/** Told in their order; nothing after `returned`, `failed`, or `close`. */
export interface SubscriptionListener {
  /** @param error why it was open no longer; null at the beginning */
  connecting(error: PortcullisError | null): void;
  connected(): void;
  /** @param id empty where the server gave none */
  data(data: unknown, id: string): void;
  returned(): void;
  failed(error: PortcullisError): void;
}

export class Subscription {
  readonly #calls: Calls;
  readonly #request: SubscriptionRequest;
  readonly #listener: SubscriptionListener;
  readonly #closed = new AbortController();
  #lastEventId = '';
  #isOpen = false;
  /** Connections since one was stable. */
  #attempts = 0;
  /** An opening is refused as a call is: once with another token, then permanently. */
  #renewed = false;

  constructor(calls: Calls, request: SubscriptionRequest, listener: SubscriptionListener) {
    this.#calls = calls;
    this.#request = request;
    this.#listener = listener;
    void this.#run().catch((error: unknown) => {
      if (this.#isClosed()) return;
      this.close();
      listener.failed(portcullisErrorOf(error));
    });
  }

  close(): void {
    this.#closed.abort();
  }

  async #run(): Promise<void> {
    const { bearer } = this.#calls;
    await Promise.resolve(); // its maker may close it first
    this.#listener.connecting(null);
    while (!this.#isClosed()) {
      let token: string | undefined;
      try {
        token = await bearer?.accessToken();
      } catch (error) {
        // It had to be renewed, and that failed: for now, or permanently.
        await this.#prepareNext(portcullisErrorOf(error), false, undefined);
        continue;
      }
      const session = await bearer?.sessionId?.();
      // Never without one: it would be refused, and after a logout nothing goes out any more.
      if (bearer !== undefined && token === undefined) throw new PortcullisError('invalid_token');
      const error = await this.#connect(token);
      if (this.#isClosed()) return;
      const wasOpen = this.#isOpen;
      this.#isOpen = false;
      if (wasOpen && error.code === 'invalid_token') await bearer?.revoked?.(session);
      await this.#prepareNext(error, wasOpen, token);
    }
  }

  /** @returns why the stream has ended */
  async #connect(token: string | undefined): Promise<PortcullisError> {
    const { fetch, bearer } = this.#calls;
    const beganAt = performance.now();
    const silence = new Silence();
    const signal = eitherSignal(this.#closed.signal, silence.signal);
    const lastEventId = this.#lastEventId;
    try {
      const sent = credentialsOf(bearer, token);
      const request = { ...this.#request, ...sent, lastEventId, signal };
      for await (const event of connectStream(fetch, request)) {
        if (this.#isClosed()) break;
        silence.broken();
        this.#isOpen = true;
        this.#renewed = false;
        this.#lastEventId = event.lastEventId;
        this.#hear(event, silence);
      }
      return new PortcullisError('network');
    } catch (error) {
      return portcullisErrorOf(error);
    } finally {
      silence.end();
      if (performance.now() - beganAt >= STABLE_MS) this.#attempts = 0;
    }
  }

  /** What tRPC's server writes; other types are of no meaning to it. */
  #hear({ type, data, lastEventId }: ServerEvent, silence: Silence): void {
    switch (type) {
      case 'connected':
        silence.limit(jsonIn(data));
        return this.#listener.connected();
      case 'message':
        return this.#listener.data(jsonIn(data), lastEventId);
      case 'return':
        this.close();
        return this.#listener.returned();
    }
  }

  /** Renews the token where that helps, and waits. @throws PortcullisError when the end is final */
  async #prepareNext(
    error: PortcullisError,
    wasOpen: boolean,
    token: string | undefined,
  ): Promise<void> {
    const renews =
      this.#isAboutToken(error) && (wasOpen ? error.code === 'token_stale' : !this.#renewed);
    if (!renews && !isRetryable(error)) throw error;
    this.#listener.connecting(error);
    // What a new token cures is tried at once, the first time.
    if (!renews || this.#attempts > 0) {
      await pause(reconnectDelayMs(this.#attempts, error), this.#closed.signal);
    }
    this.#attempts += 1;
    if (!renews || this.#isClosed()) return;
    this.#renewed = !wasOpen;
    try {
      const renewed = token === undefined ? undefined : await this.#calls.bearer?.renew(token);
      if (renewed === undefined) throw error;
    } catch (thrown) {
      // A token that cannot be renewed at the moment is tried as it is, and renewed then.
      if (!isRetryable(portcullisErrorOf(thrown))) throw thrown;
      this.#renewed = false;
    }
  }

  #isAboutToken({ code, status }: PortcullisError): boolean {
    const isSaidInItsWay = this.#calls.isForeign && code === 'protocol' && status === 401;
    return isAboutToken(code) || isSaidInItsWay;
  }

  /** Read anew: it changes while something is waited for. */
  #isClosed(): boolean {
    return this.#closed.signal.aborted;
  }
}

/** How long nothing may be heard, by what the server has said of it when it was connected. */
class Silence {
  readonly #over = new AbortController();
  readonly signal = this.#over.signal;
  #mostMs: number | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  limit(options: unknown): void {
    const most = isRecord(options) ? options['reconnectAfterInactivityMs'] : undefined;
    this.#mostMs = typeof most === 'number' && most > 0 ? most : undefined;
    this.broken();
  }

  broken(): void {
    clearTimeout(this.#timer);
    if (this.#mostMs !== undefined)
      this.#timer = setTimeout(() => this.#over.abort(), this.#mostMs);
  }

  /** Nothing listens any more; what was made of the signal is let go. */
  end(): void {
    clearTimeout(this.#timer);
    this.#over.abort();
  }
}
