/**
 * Reads one durable JetStream consumer, and nothing stops it: it may start before NATS, the stream or
 * the consumer exists, outlives restarts of NATS, and waits for a consumer that was deleted.
 *
 * At least once: a message is acknowledged after it was taken, that is, after what the taker did is
 * committed. A taker that fails gets the message again later, with growing delays.
 */
import type { ConsumerMessages, JsMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { findConsumer } from './find-consumer.ts';
import type { Logger } from './logger.ts';

/** Messages on their way at once. */
const MAX_PENDING = 256;
/** Milliseconds of one pull, and between the signs of life in it. */
const PULL_EXPIRES = 5_000;
const IDLE_HEARTBEAT = 1_000;
/** Milliseconds before trying again, at first and at most. */
const FIRST_DELAY = 100;
const MAX_DELAY = 5_000;
const MAX_REDELIVERY_DELAY = 30_000;

export interface DurableReading {
  /** A promise is waited for in the background. */
  connection: NatsConnection | Promise<NatsConnection>;
  stream: string;
  durable: string;
  /** Called before each attempt to read; may make what is missing. */
  prepare?: (connection: NatsConnection) => Promise<void>;
  /**
   * Returns after its effect is committed; a rejection has the message delivered again.
   * @returns whether it was taken, or is one that nobody could ever take
   */
  take: (message: JsMsg) => Promise<'taken' | 'dropped'>;
  onFailed: () => void;
  logger: Logger;
}

export class DurableReader implements AsyncDisposable {
  readonly #options: DurableReading;
  readonly #stopped = new AbortController();
  readonly #ended: Promise<void>;
  #messages: ConsumerMessages | undefined;

  constructor(options: DurableReading) {
    this.#options = options;
    this.#ended = this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped.abort();
    await this.#messages?.close();
    await this.#ended;
  }

  async #run(): Promise<void> {
    const { logger, stream, durable } = this.#options;
    const stopped = this.#stopped.signal;
    let delay = FIRST_DELAY;
    while (!stopped.aborted) {
      try {
        const connection = await unlessStopped(this.#options.connection, stopped);
        if (connection === undefined) break;
        await this.#options.prepare?.(connection);
        this.#messages = await this.#subscribe(connection);
        // Stopped meanwhile: nobody else closes it.
        if (stopped.aborted) await this.#messages.close();
        logger.info({ stream, durable }, 'consuming');
        delay = FIRST_DELAY;
        for await (const message of this.#messages) {
          if (stopped.aborted) break;
          await this.#take(message);
        }
      } catch (error) {
        // Expected at a first start, until somebody has made the stream and the consumer.
        const level = delay === FIRST_DELAY ? 'info' : 'debug';
        logger[level]({ stream, durable, err: error }, 'cannot consume yet');
      }
      await pause(delay, stopped);
      delay = Math.min(delay * 2, MAX_DELAY);
    }
  }

  async #subscribe(connection: NatsConnection): Promise<ConsumerMessages> {
    const { stream, durable } = this.#options;
    const consumer = await findConsumer(connection, stream, durable);
    return consumer.consume({
      max_messages: MAX_PENDING,
      expires: PULL_EXPIRES,
      idle_heartbeat: IDLE_HEARTBEAT,
      // Ends the iteration, so that the loop looks for the consumer again.
      abort_on_missing_resource: true,
    });
  }

  async #take(message: JsMsg): Promise<void> {
    const { take, onFailed, logger } = this.#options;
    try {
      if ((await take(message)) === 'taken') message.ack();
      // Without a reason: servers before 2.10 do not understand one, and deliver the message again.
      else message.term();
    } catch (error) {
      onFailed();
      const attempt = message.info.deliveryCount;
      const delay = Math.min(FIRST_DELAY * 2 ** Math.min(attempt, 16), MAX_REDELIVERY_DELAY);
      logger.warn({ err: error, attempt, delay }, 'event not handled; later again');
      message.nak(delay);
    }
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
