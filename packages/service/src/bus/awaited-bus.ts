/**
 * The bus of a service, from before it is connected: a service starts, and serves what it can, while
 * NATS is away.
 */
import type { NatsConnection } from '@nats-io/transport-node';
import { connectBus, type Bus, type BusOptions } from './connect.ts';

export class AwaitedBus implements AsyncDisposable {
  #bus: Bus | undefined;
  #disposed = false;

  /** Settles once NATS has been there; a connection that comes after the disposal is closed. */
  async connect(options: BusOptions): Promise<NatsConnection> {
    const bus = await connectBus(options);
    this.#bus = bus;
    options.logger.info('bus connected');
    if (this.#disposed) await bus[Symbol.asyncDispose]();
    return bus.connection;
  }

  /** Whether there is a link at this moment. */
  get connected(): boolean {
    return this.#bus?.connected ?? false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    await this.#bus?.[Symbol.asyncDispose]();
  }
}
