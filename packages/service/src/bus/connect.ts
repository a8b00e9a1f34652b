/** One connection to NATS for the life of the process; it reconnects for ever. */
import { connectionOptions } from '@portcullis/bus';
import {
  connect,
  PermissionViolationError,
  type ConnectionOptions,
  type NatsConnection,
} from '@nats-io/transport-node';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../logger.ts';
import { BoundedLines } from '../bounded-lines.ts';
import type { Outage } from '../outage.ts';
import { NATS, Outages } from '../outages.ts';
import { parseBusAddress } from './credentials.ts';

/** For what is buffered when the service stops, in milliseconds. */
const DRAIN_BOUND_MS = 2_000;
/** Between two attempts at the first connection, in milliseconds; later ones are the library's. */
const RETRY_MS = 250;
/** Between two looks for why the library does not connect again, in milliseconds. */
const LOOK_MS = 500;

export interface BusOptions {
  url: string;
  /** The service that connects, as operators and permissions see it. */
  name: string;
  prefix: string;
  logger: Logger;
  /** Where the outage of NATS is reported, if not to `logger` alone. */
  outages?: Outages;
  /** Ends the wait for NATS, when the service stops before that was there. */
  signal?: AbortSignal;
}

export interface Bus extends AsyncDisposable {
  readonly connection: NatsConnection;
  readonly connected: boolean;
}

/**
 * Waits until NATS is there; a service answers its probes meanwhile. Never settles once the signal has come.
 *
 * @throws Error that names the file, where one for TLS cannot be used
 */
export async function connectBus(options: BusOptions): Promise<Bus> {
  const { url, name, prefix, logger, signal } = options;
  const how = { ...parseBusAddress(url), ...connectionOptions({ service: name, prefix }) };
  const outages = options.outages ?? new Outages({ logger, needed: NATS });
  // Nothing fails while the connection is down: it says when it is back.
  const outage = outages.of(NATS, { untilBack: true });
  for (;;) {
    const connection = await connect(how).catch((error: unknown) => {
      if (signal?.aborted !== true) outage.failed(error, 'connecting');
      return undefined;
    });
    if (connection !== undefined) {
      outage.back();
      return new ConnectedBus(connection, { how, outage, logger });
    }
    if (signal?.aborted === true) return await new Promise<never>(() => undefined);
    await sleep(RETRY_MS);
  }
}

interface Connected {
  how: ConnectionOptions;
  outage: Outage;
  logger: Logger;
}

class ConnectedBus implements Bus {
  readonly connection: NatsConnection;
  readonly #how: ConnectionOptions;
  readonly #outage: Outage;
  readonly #denials: BoundedLines;
  #connected = true;
  #looking = false;

  constructor(connection: NatsConnection, { how, outage, logger }: Connected) {
    this.connection = connection;
    this.#how = how;
    this.#outage = outage;
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
          if (this.#how.tls !== undefined) void this.#lookForReason();
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

  /** The library tries again without a word of why that fails: one attempt beside it has the reason. */
  async #lookForReason(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    for (;;) {
      await sleep(LOOK_MS, undefined, { ref: false });
      if (this.#connected || this.connection.isClosed()) break;
      try {
        const other = await connect({ ...this.#how, reconnect: false });
        await other.close();
      } catch (error) {
        if (!this.#connected) this.#outage.failed(error, 'connecting');
      }
    }
    this.#looking = false;
  }

  #failed(err: Error): void {
    if (!(err instanceof PermissionViolationError)) return this.#outage.failed(err);
    // What is denied to a subscription is known to who subscribes.
    if (err.operation === 'publish') this.#denials.note('publish', { part: 'nats', err });
  }
}
