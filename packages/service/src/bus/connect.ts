/** One connection to NATS for the life of the process; it reconnects for ever. */
import { connectionOptions } from '@portcullis/bus';
import { connect, PermissionViolationError, type NatsConnection } from '@nats-io/transport-node';
import type { Logger } from '../logger.ts';
import { BoundedLines } from '../bounded-lines.ts';
import type { Outage } from '../outage.ts';
import { NATS, Outages } from '../outages.ts';
import { parseBusAddress } from './credentials.ts';

/** For what is buffered when the service stops, in milliseconds. */
const DRAIN_BOUND_MS = 2_000;

export interface BusOptions {
  url: string;
  /** The service that connects, as operators and permissions see it. */
  name: string;
  prefix: string;
  logger: Logger;
  /** Where the outage of NATS is reported, if not to `logger` alone. */
  outages?: Outages;
}

export interface Bus extends AsyncDisposable {
  readonly connection: NatsConnection;
  readonly connected: boolean;
}

/** Waits until NATS is there; a service answers its probes meanwhile. */
export async function connectBus(options: BusOptions): Promise<Bus> {
  const connection = await connect({
    ...parseBusAddress(options.url),
    ...connectionOptions({ service: options.name, prefix: options.prefix }),
    waitOnFirstConnect: true,
  });
  return new ConnectedBus(connection, options);
}

class ConnectedBus implements Bus {
  readonly connection: NatsConnection;
  readonly #outage: Outage;
  readonly #denials: BoundedLines;
  #connected = true;

  constructor(connection: NatsConnection, { logger, outages }: BusOptions) {
    this.connection = connection;
    const known = outages ?? new Outages({ logger, needed: NATS });
    // Nothing fails while the connection is down: it says when it is back.
    this.#outage = known.of(NATS, { untilBack: true });
    this.#denials = new BoundedLines(logger, 'nats denies a message');
    void this.#follow();
  }

  get connected(): boolean {
    return this.#connected && !this.connection.isClosed();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.connection.isClosed()) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, DRAIN_BOUND_MS);
    });
    // Draining asks the server; a disconnected one is not waited for.
    if (this.#connected) await Promise.race([this.connection.drain().catch(() => undefined), late]);
    clearTimeout(timer);
    await this.connection.close();
  }

  async #follow(): Promise<void> {
    for await (const status of this.connection.status()) {
      switch (status.type) {
        case 'disconnect':
          this.#connected = false;
          this.#outage.failed(new Error(`no connection to ${status.server}`));
          break;
        case 'reconnect':
          this.#connected = true;
          this.#outage.back();
          break;
        case 'error':
          this.#failed(status.error);
          break;
        // Nothing waits in this process: each message is taken as it arrives. What this process is too
        // slow for waits at the server, which closes the connection when it becomes too much.
        default:
      }
    }
  }

  #failed(err: Error): void {
    if (!(err instanceof PermissionViolationError)) return this.#outage.failed(err);
    // What is denied to a subscription is known to who subscribes.
    if (err.operation === 'publish') this.#denials.note('publish', { part: 'nats', err });
  }
}
