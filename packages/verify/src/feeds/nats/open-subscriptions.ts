/**
 * Core subscriptions that come back. NATS ends a subscription whose subject the user may not subscribe
 * to (a faulty roll-out of permissions), and the client library does not make it again.
 *
 *   OPENING ── the server has seen it ──▶ OPEN
 *      │ permission error                  │ permission error, in a subscription or by a reload
 *      ▼                                   ▼
 *   DENIED ◀───────────────────────────────┘
 *      └── after a delay, or at a reconnect: subscribe again; without an error it is OPEN
 *
 * Invariants:
 *  - `open` is true only while the server has seen each subscription and has denied none since.
 *  - A denied subscription is tried again until it is closed: after 250 ms, then twice as long each
 *    time, every 5 s at most, and at each reconnect.
 *  - The listener is called once when a subject is denied, and once when it is open again.
 */
import {
  PermissionViolationError,
  type Msg,
  type NatsConnection,
  type Subscription,
} from '@nats-io/transport-node';

const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 5_000;

export interface SubscriptionListener {
  /** Once, however often it is tried again. */
  denied(subject: string, error: Error): void;
  /** What was published meanwhile was not received. */
  reopened(subject: string): void;
}

interface Held {
  readonly subject: string;
  readonly queue: string | undefined;
  readonly deliver: (message: Msg) => void;
  state: 'OPENING' | 'OPEN' | 'DENIED';
  subscription: Subscription | undefined;
  /** The number of the present subscription: an answer to an earlier one counts for nothing. */
  attempt: number;
  delayMs: number;
  timer: NodeJS.Timeout | undefined;
}

export class OpenSubscriptions {
  readonly #connection: NatsConnection;
  readonly #listener: SubscriptionListener;
  readonly #held: Held[] = [];
  #closed = false;

  constructor(connection: NatsConnection, listener: SubscriptionListener) {
    this.#connection = connection;
    this.#listener = listener;
    void this.#watch();
  }

  /** @param deliver called in the turn in which the message arrives */
  add(subject: string, deliver: (message: Msg) => void, queue?: string): void {
    const held: Held = {
      subject,
      queue,
      deliver,
      state: 'OPENING',
      subscription: undefined,
      attempt: 0,
      delayMs: FIRST_DELAY_MS,
      timer: undefined,
    };
    this.#held.push(held);
    this.#subscribe(held);
  }

  /** Whether what is published is received, as long as there is a link. */
  get open(): boolean {
    return !this.#closed && this.#held.every(({ state }) => state === 'OPEN');
  }

  close(): void {
    this.#closed = true;
    for (const held of this.#held.splice(0)) {
      clearTimeout(held.timer);
      held.subscription?.unsubscribe();
    }
  }

  #subscribe(held: Held): void {
    clearTimeout(held.timer);
    held.timer = undefined;
    if (this.#closed || this.#connection.isClosed()) return;
    // The library may hold on to one that the server has ended.
    held.subscription?.unsubscribe();
    held.attempt += 1;
    const { attempt, deliver, subject, queue } = held;
    held.subscription = this.#connection.subscribe(subject, {
      ...(queue === undefined ? {} : { queue }),
      // A callback, not an iterator: a message is taken in the turn in which it arrives.
      callback: (error, message) => {
        if (error === null) deliver(message);
        else if (held.attempt === attempt) this.#deny(held, error);
      },
    });
    this.#confirm(held, attempt);
  }

  /** The server answers in order: an error about the subscription comes before the answer. */
  #confirm(held: Held, attempt: number): void {
    this.#connection.flush().then(
      () => {
        if (held.attempt !== attempt || this.#closed || held.state === 'OPEN') return;
        const wasDenied = held.state === 'DENIED';
        held.state = 'OPEN';
        held.delayMs = FIRST_DELAY_MS;
        if (wasDenied) this.#listener.reopened(held.subject);
      },
      // The link was lost; the library subscribes again, and `#watch` asks again.
      () => undefined,
    );
  }

  #deny(held: Held, error: Error): void {
    if (this.#closed || held.timer !== undefined) return;
    held.attempt += 1;
    const isNews = held.state !== 'DENIED';
    held.state = 'DENIED';
    held.timer = setTimeout(() => this.#subscribe(held), held.delayMs).unref();
    held.delayMs = Math.min(held.delayMs * 2, MAX_DELAY_MS);
    if (isNews) this.#listener.denied(held.subject, error);
  }

  async #watch(): Promise<void> {
    for await (const status of this.#connection.status()) {
      if (this.#closed) return;
      if (status.type === 'reconnect') this.#afterReconnect();
      if (status.type === 'error') this.#afterError(status.error);
    }
  }

  #afterReconnect(): void {
    for (const held of this.#held) {
      if (held.state === 'DENIED') this.#subscribe(held);
      else if (held.state === 'OPENING') this.#confirm(held, held.attempt);
    }
  }

  /** After a reload of permissions the error names no queue, and the library finds no subscription for it. */
  #afterError(error: Error): void {
    if (!(error instanceof PermissionViolationError) || error.operation !== 'subscription') return;
    for (const held of this.#held) {
      if (held.subject === error.subject) this.#deny(held, error);
    }
  }
}
