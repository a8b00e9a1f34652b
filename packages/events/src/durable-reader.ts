/**
 * Reads one durable JetStream consumer, and nothing stops it: it may start before NATS, the stream or
 * the consumer exists, outlives restarts of NATS, and waits for a consumer that was deleted.
 *
 * At least once: a message is acknowledged after it was taken, that is, after what the taker did is
 * committed. A taker that fails, or does not come to an end, gets the message again later, with growing
 * delays. No more is fetched than is soon handled (held-messages.ts), so that instances share the work.
 */
import type { Consumer, ConsumerMessages, JsMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { Acknowledgements } from './acknowledgements.ts';
import { findConsumer } from './find-consumer.ts';
import { HeldMessages } from './held-messages.ts';
import type { Logger } from './logger.ts';
import { isDenied, reasonOf, type EventProblem } from './problem.ts';

/** Milliseconds of one pull, and between the signs of life in it. */
const PULL_EXPIRES_MS = 5_000;
const IDLE_HEARTBEAT_MS = 1_000;
/** Milliseconds before trying again, at first and at most. */
const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 5_000;
const MAX_REDELIVERY_DELAY_MS = 30_000;
/** Milliseconds for which a stream and a consumer may be missing at a start before that is an error. */
const MISSING_FOR_MS = 15_000;
/** Milliseconds for what is under way when it is ended. */
const LAST_MOMENTS_MS = 5_000;
const NANOSECONDS_A_MS = 1_000_000;
/** Nanoseconds: what a consumer has without one. */
const DEFAULT_ACK_WAIT_NS = 30_000 * NANOSECONDS_A_MS;

export interface DurableReading {
  /** A promise is waited for in the background. */
  connection: NatsConnection | Promise<NatsConnection>;
  stream: string;
  durable: string;
  /** Called before each attempt to read; may make what is missing. */
  prepare?: (connection: NatsConnection) => Promise<void>;
  /**
   * Returns after its effect is committed; a rejection has the message delivered again.
   * @returns whether it was taken, or can never be taken
   */
  take: (message: JsMsg) => Promise<'taken' | 'dropped'>;
  /** Milliseconds after which a message counts as not taken. */
  takeWithin: number;
  onFailed: () => void;
  /** NATS has not confirmed an acknowledgement. */
  onUnacknowledged: () => void;
  logger: Logger;
}

export class DurableReader implements AsyncDisposable {
  readonly #options: DurableReading;
  readonly #stopped = new AbortController();
  readonly #held = new HeldMessages((message) => this.#take(message));
  readonly #acknowledgements: Acknowledgements;
  readonly #ended: Promise<void>;
  #messages: ConsumerMessages | undefined;
  /** Since when nothing can be read, by the monotonic clock. */
  #unreadableSince: number | undefined;
  #unreadable: string | undefined;

  constructor(options: DurableReading) {
    this.#options = options;
    const { stream, durable, logger, onUnacknowledged } = options;
    this.#acknowledgements = new Acknowledgements({
      onLost: onUnacknowledged,
      onProblem: (_reason, error) =>
        logger.error(
          { stream, durable, err: error },
          'acknowledgements do not arrive, so events come again: see the permissions in docs/events.md',
        ),
      onArrive: () => logger.info({ stream, durable }, 'acknowledgements arrive again'),
    });
    this.#ended = this.#run();
  }

  problems(): EventProblem[] {
    const { stream, durable } = this.#options;
    const { problem } = this.#acknowledgements;
    return [
      ...(this.#unreadable === undefined
        ? []
        : [{ cannot: 'read' as const, stream, durable, reason: this.#unreadable }]),
      ...(problem === undefined
        ? []
        : [{ cannot: 'acknowledge' as const, stream, durable, reason: problem }]),
    ];
  }

  /** Within some seconds, also while a handler runs. What it has not finished comes again. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped.abort();
    await this.#messages?.close();
    const limit = AbortSignal.timeout(LAST_MOMENTS_MS);
    await unlessStopped(this.#ended, limit);
    await this.#held.settle(limit);
    await unlessStopped(this.#acknowledgements.settled(), limit);
  }

  async #run(): Promise<void> {
    const stopped = this.#stopped.signal;
    let delay = FIRST_DELAY_MS;
    while (!stopped.aborted) {
      try {
        const connection = await unlessStopped(this.#options.connection, stopped);
        if (connection === undefined) break;
        await unlessStopped(this.#options.prepare?.(connection), stopped);
        const consumer = await this.#find(connection);
        while (!stopped.aborted) {
          await this.#fetch(consumer, stopped);
          this.#reads();
          delay = FIRST_DELAY_MS;
        }
      } catch (error) {
        this.#cannotRead(error, delay === FIRST_DELAY_MS);
      }
      await pause(delay, stopped);
      delay = Math.min(delay * 2, MAX_DELAY_MS);
    }
  }

  async #find(connection: NatsConnection): Promise<Consumer> {
    const { logger, stream, durable } = this.#options;
    const consumer = await findConsumer(connection, stream, durable);
    const { config } = await consumer.info(true);
    this.#held.showAlive((config.ack_wait ?? DEFAULT_ACK_WAIT_NS) / NANOSECONDS_A_MS);
    logger.info({ stream, durable }, 'consuming');
    return consumer;
  }

  /** Only once a fetch has come to something: a user may see the consumer, and not be allowed to pull. */
  #reads(): void {
    this.#unreadableSince = undefined;
    this.#unreadable = undefined;
  }

  /** As much as there is room for, as soon as there is any. */
  async #fetch(consumer: Consumer, stopped: AbortSignal): Promise<void> {
    await this.#held.hasRoom(stopped);
    if (stopped.aborted) return;
    this.#messages = await consumer.fetch({
      max_messages: this.#held.room,
      expires: PULL_EXPIRES_MS,
      idle_heartbeat: IDLE_HEARTBEAT_MS,
    });
    // Stopped meanwhile: it has to be closed here.
    if (stopped.aborted) await this.#messages.close();
    for await (const message of this.#messages) {
      this.#reads();
      if (stopped.aborted) message.nak();
      else this.#held.add(message);
    }
  }

  /** Expected at a first start, until the stream and the consumer are made. */
  #cannotRead(error: unknown, first: boolean): void {
    const { logger, stream, durable } = this.#options;
    this.#unreadableSince ??= performance.now();
    const long = performance.now() - this.#unreadableSince > MISSING_FOR_MS;
    if (this.#unreadable === undefined && (long || isDenied(error))) {
      this.#unreadable = reasonOf(error);
      logger.error(
        { stream, durable, err: error },
        'cannot consume, so no event arrives: see the consumer and the permissions in docs/events.md',
      );
      return;
    }
    logger[first ? 'info' : 'debug']({ stream, durable, err: error }, 'cannot consume yet');
  }

  async #take(message: JsMsg): Promise<void> {
    const { take, takeWithin, onFailed, logger } = this.#options;
    try {
      if ((await within(take(message), takeWithin)) === 'taken')
        this.#acknowledgements.send(message);
      // Without a reason: servers before 2.10 do not understand one, and deliver the message again.
      else message.term();
    } catch (error) {
      onFailed();
      const attempt = message.info.deliveryCount;
      const delay = Math.min(FIRST_DELAY_MS * 2 ** Math.min(attempt, 16), MAX_REDELIVERY_DELAY_MS);
      logger.warn({ err: error, attempt, delay }, 'event not handled; retrying later');
      message.nak(delay);
    }
  }
}

/** @throws Error when it takes longer; what it does afterwards is no longer looked at */
async function within<T>(work: Promise<T>, milliseconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const seconds = milliseconds / 1_000;
    timer = setTimeout(
      () => reject(new Error(`the handler has not come to an end within ${seconds} s`)),
      milliseconds,
    );
    // One that hangs is not to keep a process that has ended its work.
    timer.unref();
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Undefined when stopped first. */
async function unlessStopped<T>(
  waited: T | Promise<T>,
  stopped: AbortSignal,
): Promise<T | undefined> {
  let end: () => void = () => undefined;
  const over = new Promise<undefined>((resolve) => {
    end = () => resolve(undefined);
    stopped.addEventListener('abort', end);
  });
  try {
    return stopped.aborted ? undefined : await Promise.race([waited, over]);
  } finally {
    stopped.removeEventListener('abort', end);
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener('abort', end);
  });
}
