/** One connection to NATS for the life of the process; it reconnects for ever. */
import { inboxPrefix } from '@portcullis/contracts';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { Logger } from '../logger.ts';
import { NotReady } from '../http/readiness.ts';
import { parseBusAddress } from './credentials.ts';

/** Milliseconds. With the library's defaults a frozen server goes unnoticed for six minutes. */
const PING_INTERVAL = 1_000;
/** Pings without an answer until the connection is given up and another one is made. */
const MAX_PINGS_OUT = 2;
const RECONNECT_WAIT = 250;
const CONNECT_TIMEOUT = 2_000;
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
    name: options.name,
    // Replies go where nobody else may listen; permissions are given by this prefix.
    inboxPrefix: inboxPrefix(options.prefix, options.name),
    waitOnFirstConnect: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_WAIT,
    timeout: CONNECT_TIMEOUT,
    pingInterval: PING_INTERVAL,
    maxPingOut: MAX_PINGS_OUT,
    // A server that restarts with other users is not the end of this process.
    ignoreAuthErrorAbort: true,
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
