/**
 * The EventSource that tRPC's subscription link uses, over `fetch`: with the access token in a header
 * (the platform's own would have to put it into the address, where logs keep it), and with a decision
 * after every end.
 *
 * - `invalid_token` ends it permanently: the session was revoked. It does not connect again, and the
 *   session is over here too.
 * - `token_stale`: it connects again with a renewed token, once at once, then with growing delays.
 * - Staleness, overload, a restart, a broken connection: it connects again, with growing delays.
 * - Anything else that a service refuses with is final.
 *
 * Its place is sent in `Last-Event-ID`, so that nothing is missed in between.
 */
import { credentialsOf, type BearerSource } from './bearer-fetch.ts';
import { PortcullisError, portcullisErrorOf } from './error.ts';
import type { Fetch } from './exchange.ts';
import { connectStream } from './stream-connection.ts';
import { isRetryable, pause, reconnectDelayMs, STABLE_MS } from './stream-retry.ts';

type Listener = (event: object) => void;

interface StreamInit {
  requestId?: string;
}

const [CONNECTING, OPEN, CLOSED] = [0, 1, 2] as const;

/** The part of the platform's EventSource that tRPC's link uses. */
export interface EventSourceLike {
  readonly CONNECTING: number;
  readonly OPEN: number;
  readonly CLOSED: number;
  readyState: number;
  addEventListener(type: string, listener: Listener): void;
  removeEventListener(type: string, listener: Listener): void;
  close(): void;
}

/** @returns a class, since tRPC's link takes one */
export function bearerEventSource(
  fetch: Fetch,
  bearer: BearerSource | undefined,
): new (url: string, init?: StreamInit) => EventSourceLike {
  return class extends BearerEventSource {
    constructor(url: string, init: StreamInit = {}) {
      super(fetch, bearer, url, init.requestId);
    }
  };
}

class BearerEventSource implements EventSourceLike {
  readonly CONNECTING = CONNECTING;
  readonly OPEN = OPEN;
  readonly CLOSED = CLOSED;
  readyState: number = CONNECTING;
  readonly #fetch: Fetch;
  readonly #bearer: BearerSource | undefined;
  readonly #url: string;
  readonly #requestId: string | undefined;
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #closed = new AbortController();
  #lastEventId = '';
  /** Connections since one was stable. */
  #attempts = 0;
  /** An opening is refused as a call is: once with another token, then permanently. */
  #renewed = false;

  constructor(
    fetch: Fetch,
    bearer: BearerSource | undefined,
    url: string,
    requestId: string | undefined,
  ) {
    this.#fetch = fetch;
    this.#bearer = bearer;
    this.#url = url;
    this.#requestId = requestId;
    void this.#run().catch((error: unknown) => this.#fail(portcullisErrorOf(error)));
  }

  addEventListener(type: string, listener: Listener): void {
    const others = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, others.add(listener));
  }

  removeEventListener(type: string, listener: Listener): void {
    this.#listeners.get(type)?.delete(listener);
  }

  close(): void {
    this.readyState = CLOSED;
    this.#closed.abort();
  }

  async #run(): Promise<void> {
    await Promise.resolve(); // the listeners come after the constructor
    while (!this.#isClosed()) {
      let token: string | undefined;
      try {
        token = await this.#bearer?.accessToken();
      } catch (error) {
        // It had to be renewed, and that failed: for now, or permanently.
        await this.#prepareNext(portcullisErrorOf(error), false, undefined);
        continue;
      }
      const session = await this.#bearer?.sessionId?.();
      // Never without one: it would be refused, and after a logout nothing goes out any more.
      if (this.#bearer !== undefined && token === undefined) {
        throw new PortcullisError('invalid_token');
      }
      const error = await this.#connect(token);
      if (this.#isClosed()) return;
      const wasOpen = this.readyState === OPEN;
      this.readyState = CONNECTING;
      if (wasOpen && error.code === 'invalid_token') await this.#bearer?.revoked?.(session);
      await this.#prepareNext(error, wasOpen, token);
    }
  }

  /** @returns why the stream has ended */
  async #connect(token: string | undefined): Promise<PortcullisError> {
    const [url, requestId, lastEventId] = [this.#url, this.#requestId, this.#lastEventId];
    const { signal } = this.#closed;
    const beganAt = performance.now();
    try {
      const sent = credentialsOf(this.#bearer, token);
      const request = { url, ...sent, lastEventId, requestId, signal };
      for await (const event of connectStream(this.#fetch, request)) {
        if (this.#isClosed()) break;
        this.readyState = OPEN;
        this.#renewed = false;
        this.#lastEventId = event.lastEventId;
        this.#dispatch(event.type, event);
      }
      return new PortcullisError('network');
    } catch (error) {
      return portcullisErrorOf(error);
    } finally {
      if (performance.now() - beganAt >= STABLE_MS) this.#attempts = 0;
    }
  }

  /** Renews the token where that helps, and waits. @throws PortcullisError when the end is final */
  async #prepareNext(
    error: PortcullisError,
    wasOpen: boolean,
    token: string | undefined,
  ): Promise<void> {
    const isAboutToken = error.code === 'token_stale' || error.code === 'invalid_token';
    const renews = isAboutToken && (wasOpen ? error.code === 'token_stale' : !this.#renewed);
    if (!renews && !isRetryable(error)) throw error;
    this.#dispatch('error', error);
    // What a new token cures is tried at once, the first time.
    if (!renews || this.#attempts > 0) {
      await pause(reconnectDelayMs(this.#attempts, error), this.#closed.signal);
    }
    this.#attempts += 1;
    if (!renews || this.#isClosed()) return;
    this.#renewed = !wasOpen;
    try {
      const renewed = token === undefined ? undefined : await this.#bearer?.renew(token);
      if (renewed === undefined) throw error;
    } catch (thrown) {
      // A token that cannot be renewed at the moment is tried as it is, and renewed then.
      if (!isRetryable(portcullisErrorOf(thrown))) throw thrown;
      this.#renewed = false;
    }
  }

  #fail(error: PortcullisError): void {
    if (this.#isClosed()) return;
    this.close();
    this.#dispatch('error', error);
  }

  /** Read anew: it changes while something is waited for. */
  #isClosed(): boolean {
    return this.readyState === CLOSED;
  }

  #dispatch(type: string, event: object): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(event);
  }
}
