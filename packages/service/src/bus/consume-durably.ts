/**
 * A durable JetStream consumer that nothing stops: it may start before the stream exists, outlives
 * restarts of NATS, and makes itself anew when it was deleted.
 *
 * At least once: a message is acknowledged after its handler has returned, that is, committed. A
 * handler that fails gets the message again later. What no handler could ever read is counted, logged
 * and dropped, so that one bad message does not hold up the rest.
 */
import {
  AckPolicy,
  DeliverPolicy,
  jetstream,
  jetstreamManager,
  type ConsumerMessages,
  type JsMsg,
} from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { z } from 'zod';
import type { Logger } from '../logger.ts';

/** Milliseconds until an unacknowledged message is delivered again. */
const ACK_WAIT = 30_000;
/** Messages on their way at once. */
const MAX_PENDING = 256;
/** Milliseconds of one pull, and between the signs of life in it. */
const PULL_EXPIRES = 5_000;
const IDLE_HEARTBEAT = 1_000;
/** Milliseconds before trying again, at first and at most. */
const FIRST_DELAY = 100;
const MAX_DELAY = 5_000;
const MAX_REDELIVERY_DELAY = 30_000;
const NANOSECONDS = 1_000_000;

export interface DurableConsumption<S extends z.ZodType> {
  connection: NatsConnection;
  stream: string;
  /** The name under which NATS remembers how far this consumer has got. */
  durable: string;
  /** One subject: the oldest supported server takes no list. */
  filter: string;
  schema: S;
  /** Returns after its effect is committed; may see an event twice, and late. */
  handle: (event: z.output<S>) => Promise<void>;
  logger: Logger;
}

export interface ConsumptionStats {
  handled: number;
  failed: number;
  malformed: number;
}

export interface DurableConsumer extends AsyncDisposable {
  stats(): ConsumptionStats;
}

export function consumeDurably<S extends z.ZodType>(
  options: DurableConsumption<S>,
): DurableConsumer {
  return new Consumption(options);
}

class Consumption<S extends z.ZodType> implements DurableConsumer {
  readonly #options: DurableConsumption<S>;
  readonly #stats: ConsumptionStats = { handled: 0, failed: 0, malformed: 0 };
  readonly #stopped = new AbortController();
  readonly #ended: Promise<void>;
  #messages: ConsumerMessages | undefined;

  constructor(options: DurableConsumption<S>) {
    this.#options = options;
    this.#ended = this.#run();
  }

  stats(): ConsumptionStats {
    return { ...this.#stats };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped.abort();
    await this.#messages?.close();
    await this.#ended;
  }

  async #run(): Promise<void> {
    const { logger, stream, durable } = this.#options;
    let delay = FIRST_DELAY;
    while (!this.#stopped.signal.aborted) {
      try {
        this.#messages = await this.#subscribe();
        logger.info({ stream, durable }, 'consuming');
        delay = FIRST_DELAY;
        for await (const message of this.#messages) {
          if (this.#stopped.signal.aborted) break;
          await this.#take(message);
        }
      } catch (error) {
        // Expected at a first start, until the auth service has made the stream.
        logger[delay === FIRST_DELAY ? 'info' : 'debug'](
          { stream, durable, err: error },
          'cannot consume yet',
        );
      }
      await pause(delay, this.#stopped.signal);
      delay = Math.min(delay * 2, MAX_DELAY);
    }
  }

  async #subscribe(): Promise<ConsumerMessages> {
    const { stream, durable } = this.#options;
    const { consumers } = jetstream(this.#options.connection);
    // One that is there is taken as it is: whoever runs NATS may have made it, and may not allow
    // this service to.
    const consumer = await consumers.get(stream, durable).catch(async () => {
      await this.#create();
      return consumers.get(stream, durable);
    });
    return consumer.consume({
      max_messages: MAX_PENDING,
      expires: PULL_EXPIRES,
      idle_heartbeat: IDLE_HEARTBEAT,
      // Ends the iteration, so that the loop makes the consumer again.
      abort_on_missing_resource: true,
    });
  }

  async #create(): Promise<void> {
    const { connection, stream, durable, filter } = this.#options;
    const manager = await jetstreamManager(connection, { checkAPI: false });
    await manager.consumers.add(stream, {
      durable_name: durable,
      filter_subject: filter,
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      ack_wait: ACK_WAIT * NANOSECONDS,
      max_ack_pending: MAX_PENDING,
    });
  }

  async #take(message: JsMsg): Promise<void> {
    const event = this.#read(message);
    if (event === undefined) return;
    try {
      await this.#options.handle(event.value);
      message.ack();
      this.#stats.handled += 1;
    } catch (error) {
      this.#stats.failed += 1;
      const attempt = message.info.deliveryCount;
      const delay = Math.min(FIRST_DELAY * 2 ** Math.min(attempt, 16), MAX_REDELIVERY_DELAY);
      this.#options.logger.warn({ err: error, attempt, delay }, 'event not handled; later again');
      message.nak(delay);
    }
  }

  #read(message: JsMsg): { value: z.output<S> } | undefined {
    let reason: unknown;
    try {
      const parsed = this.#options.schema.safeParse(message.json());
      if (parsed.success) return { value: parsed.data };
      reason = parsed.error.issues.map((issue) => issue.path.join('.')).slice(0, 8);
    } catch {
      reason = 'not JSON';
    }
    this.#stats.malformed += 1;
    const { subject, seq } = message;
    this.#options.logger.error({ subject, seq, reason }, 'malformed event dropped');
    message.term('malformed');
    return undefined;
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
