/**
 * The bus of a service, from before it is connected: a service starts, and serves what it can, while
 * NATS is unavailable. It knows the link and what NATS denies, and says so in the log and in metrics.
 */
import type { NatsConnection } from '@nats-io/transport-node';
import type { SubscriptionListener } from '@portcullis/verify/feeds/nats';
import { Gauge, type Registry } from 'prom-client';
import type { Logger } from '../logger.ts';
import type { Outages } from '../outages.ts';
import { MalformedMessages } from './malformed-messages.ts';
import { connectBus, type Bus, type BusOptions } from './connect.ts';

export interface AwaitedBusOptions {
  logger: Logger;
  registry: Registry;
  outages: Outages;
}

export class LazyNatsConnection implements AsyncDisposable {
  readonly #logger: Logger;
  readonly #outages: Outages;
  /** Subjects whose subscriptions NATS denies. */
  readonly #denied = new Set<string>();
  readonly #malformed: MalformedMessages;
  #bus: Bus | undefined;
  readonly #disposal = new AbortController();

  constructor({ logger, registry, outages }: AwaitedBusOptions) {
    this.#logger = logger;
    this.#outages = outages;
    this.#malformed = new MalformedMessages(logger, registry);
    gaugeOf(registry, 'connected', 'One while connected to NATS with each subscription open', () =>
      this.connected ? 1 : 0,
    );
    gaugeOf(
      registry,
      'subscriptions_denied',
      'Subjects that NATS does not let this service hear',
      () => this.#denied.size,
    );
  }

  /** Settles once NATS has been there; a connection that comes after the disposal is closed. */
  async connect(
    options: Omit<BusOptions, 'logger' | 'outages' | 'signal'>,
  ): Promise<NatsConnection> {
    const bus = await connectBus({
      ...options,
      logger: this.#logger,
      outages: this.#outages,
      signal: this.#disposal.signal,
    });
    this.#bus = bus;
    this.#logger.info('nats connected');
    if (this.#disposal.signal.aborted) await bus[Symbol.asyncDispose]();
    return bus.connection;
  }

  /** Whether there is a link at this moment. */
  get linked(): boolean {
    return this.#bus?.connected ?? false;
  }

  /** Whether there is a link, and nothing that was subscribed to is denied. */
  get connected(): boolean {
    return this.linked && this.#denied.size === 0;
  }

  /** For each that subscribes over this connection. */
  readonly subscriptions: SubscriptionListener = {
    denied: (subject, err) => {
      this.#denied.add(subject);
      this.#logger.warn({ part: 'nats', subject, err }, 'nats denies a subscription');
    },
    reopened: (subject) => {
      this.#denied.delete(subject);
      this.#logger.info({ part: 'nats', subject }, 'nats allows the subscription again');
    },
  };

  /** For each that reads what comes over this connection; see `MalformedMessages`. */
  readonly malformed = (message: string, length: number, subject?: string): void =>
    this.#malformed.note(message, length, subject);

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposal.abort();
    await this.#bus?.[Symbol.asyncDispose]();
  }
}

function gaugeOf(registry: Registry, name: string, help: string, read: () => number): void {
  new Gauge({
    name: `portcullis_bus_${name}`,
    help,
    registers: [registry],
    collect() {
      this.set(read());
    },
  });
}
