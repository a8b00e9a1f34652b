/** One connection to NATS for the life of the process; it reconnects for ever. */
import { connectionOptions } from '@portcullis/contracts';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { Logger } from '../logger.ts';
import { NotReady } from '../http/readiness.ts';
import { parseBusAddress } from './credentials.ts';

/** For what is buffered when the service stops, in milliseconds. */
const DRAIN_BOUND = 2_000;

export interface BusOptions {
  url: string;
  /** The service that connects, as operators and permissions see it. */
  name: string;
  prefix: string;
  logger: Logger;
}

export interface Bus extends AsyncDisposable {
  readonly connection: NatsConnection;
  readonly connected: boolean;
  /** A readiness check. */
  check(): void;
}

/** Waits until NATS is there; a service answers its probes meanwhile. */
export async function connectBus(options: BusOptions): Promise<Bus> {
  const connection = await connect({
    ...parseBusAddress(options.url),
    ...connectionOptions({ service: options.name, prefix: options.prefix }),
    waitOnFirstConnect: true,
  });
  return new ConnectedBus(connection, options.logger);
}

class ConnectedBus implements Bus {
  readonly connection: NatsConnection;
  readonly #logger: Logger;
  #connected = true;

  constructor(connection: NatsConnection, logger: Logger) {
    this.connection = connection;
    this.#logger = logger;
    void this.#follow();
  }

  get connected(): boolean {
    return this.#connected && !this.connection.isClosed();
  }

  check(): void {
    if (!this.connected) throw new NotReady('not connected');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.connection.isClosed()) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, DRAIN_BOUND);
    });
    // Draining asks the server; one that is away is not waited for.
    if (this.#connected) await Promise.race([this.connection.drain().catch(() => undefined), late]);
    clearTimeout(timer);
    await this.connection.close();
  }

  async #follow(): Promise<void> {
    for await (const status of this.connection.status()) {
      switch (status.type) {
        case 'disconnect':
          this.#connected = false;
          this.#logger.warn({ server: status.server }, 'bus lost');
          break;
        case 'reconnect':
          this.#connected = true;
          this.#logger.info({ server: status.server }, 'bus back');
          break;
        case 'error':
          this.#logger.warn({ err: status.error }, 'bus error');
          break;
        case 'slowConsumer':
          this.#logger.warn({ pending: status.pending }, 'bus consumer too slow');
          break;
        default:
      }
    }
  }
}
