/**
 * Sends every instance of this service what one of them has learnt: a durable consumer gives each event
 * to one of them only, and a profile is changed in one.
 *
 * Over plain NATS, without keeping: an instance that was disconnected for a moment knows that something
 * may be missing, and sends `gap` to its streams.
 */
import { liveEvent } from '@portcullis/api';
import { subjectsOf } from '@portcullis/bus';
import { eventId, userId } from '@portcullis/contracts/schemas';
import type { Logger } from '@portcullis/service';
import { OpenSubscriptions, type SubscriptionListener } from '@portcullis/verify/feeds/nats';
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import * as z from 'zod';
import type { LiveChange, LiveEvents } from './live-events.ts';

const message = z.object({ version: z.literal(1), id: eventId, user_id: userId, event: liveEvent });

export interface InstanceBroadcastOptions {
  live: LiveEvents;
  prefix: string;
  service: string;
  logger: Logger;
  /** Called when NATS denies a subscription of this service, and when it allows it again. */
  subscriptions: SubscriptionListener;
  /** Called for each message that cannot be read. */
  malformed(message: string, length: number, subject: string): void;
}

export class InstanceBroadcast implements AsyncDisposable {
  readonly #options: InstanceBroadcastOptions;
  readonly #subject: string;
  #connection: NatsConnection | undefined;
  #subscriptions: OpenSubscriptions | undefined;
  #disposed = false;

  constructor(options: InstanceBroadcastOptions) {
    this.#options = options;
    this.#subject = subjectsOf(options.prefix).instances(options.service);
  }

  /** From now on; a connection that is still to come is not waited for. */
  listen(connection: NatsConnection | Promise<NatsConnection>): void {
    void Promise.resolve(connection)
      .then((bus) => this.#listen(bus))
      .catch((err: unknown) => {
        this.#options.logger.warn({ err }, 'live events of other instances are not received');
      });
  }

  /** Here at once; elsewhere as soon as the bus carries it, or as a gap when it does not. */
  readonly publish = (change: LiveChange): void => {
    const { live, logger } = this.#options;
    live.announce(change);
    const { id, userId: user_id, event } = change;
    try {
      this.#connection?.publish(this.#subject, JSON.stringify({ version: 1, id, user_id, event }));
    } catch (error) {
      logger.warn({ err: error }, 'live event not sent to the other instances');
    }
  };

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    this.#subscriptions?.close();
  }

  #listen(connection: NatsConnection): void {
    if (this.#disposed) return;
    this.#connection = connection;
    const { live, subscriptions } = this.#options;
    this.#subscriptions = new OpenSubscriptions(connection, {
      denied: (subject, error) => subscriptions.denied(subject, error),
      reopened(subject) {
        subscriptions.reopened(subject);
        live.gap();
      },
    });
    this.#subscriptions.add(this.#subject, (received) => this.#hear(received));
    // Streams may be open already, when grants come by another way.
    live.gap();
    void this.#watchForGaps(connection);
  }

  #hear(received: Msg): void {
    const { live, malformed } = this.#options;
    try {
      const { id, user_id, event } = message.parse(received.json());
      live.announce({ id, userId: user_id, event });
    } catch {
      // Something may be missing.
      malformed('live event', received.data.length, received.subject);
      live.gap();
    }
  }

  /**
   * A subscription never falls behind in this process: each message is taken as it arrives. What this process
   * is too slow for waits at the server, which closes the connection when it becomes too much.
   */
  async #watchForGaps(connection: NatsConnection): Promise<void> {
    for await (const { type } of connection.status()) {
      if (this.#disposed) return;
      if (type === 'reconnect') this.#options.live.gap();
    }
  }
}
