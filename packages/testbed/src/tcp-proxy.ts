/**
 * A TCP proxy between a program and a server: counts what passes, and breaks it in the ways that
 * networks do.
 *
 * - `cut()` resets every connection and refuses new ones; `mend()` lets them in again.
 * - `pause()` keeps connections open and lets nothing through, either way: the silent partition.
 * - `delay(ms)` holds each chunk back for that long; their order stays.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { portOf } from '@portcullis/testkit';

export interface ProxyTarget {
  host: string;
  port: number;
}

interface Pair {
  client: Socket;
  server: Socket;
}

export class TcpProxy implements AsyncDisposable {
  readonly #target: ProxyTarget;
  readonly #listener: Server;
  readonly #pairs = new Set<Pair>();
  #cut = false;
  #delayMs = 0;
  #gate: { open: Promise<void>; release: () => void } | undefined;

  /** Connections that were ever accepted. */
  connections = 0;
  bytesToServer = 0;
  bytesToClient = 0;

  constructor(target: ProxyTarget) {
    this.#target = target;
    this.#listener = createServer({ noDelay: true }, (client) => this.#accept(client));
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#listener.once('error', reject);
      this.#listener.listen(0, '127.0.0.1', resolve);
    });
  }

  get host(): string {
    return '127.0.0.1';
  }

  get port(): number {
    return portOf(this.#listener);
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#pairs.size;
  }

  /** The ports from which the target sees the open connections come. */
  get sources(): number[] {
    return [...this.#pairs].flatMap(({ server }) => server.localPort ?? []);
  }

  /** The address of something behind the target, through this proxy. */
  through(url: string): string {
    const changed = new URL(url);
    changed.hostname = this.host;
    changed.port = String(this.port);
    return changed.toString();
  }

  cut(): void {
    this.#cut = true;
    this.reset();
  }

  /** Resets the connections that are open, and goes on accepting new ones. */
  reset(): void {
    for (const { client, server } of this.#pairs) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
  }

  mend(): void {
    this.#cut = false;
  }

  pause(): void {
    if (this.#gate !== undefined) return;
    let release = (): void => {};
    const open = new Promise<void>((resolve) => {
      release = resolve;
    });
    this.#gate = { open, release };
  }

  resume(): void {
    this.#gate?.release();
    this.#gate = undefined;
  }

  /** @param ms for each chunk, each way; 0 for none */
  delay(ms: number): void {
    this.#delayMs = ms;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.resume();
    this.reset();
    await new Promise<void>((resolve) => this.#listener.close(() => resolve()));
  }

  #accept(client: Socket): void {
    this.connections += 1;
    if (this.#cut) {
      client.on('error', () => {});
      client.resetAndDestroy();
      return;
    }
    const server = connect({ ...this.#target, noDelay: true });
    const pair = { client, server };
    this.#pairs.add(pair);
    this.#carry(client, server, (bytes) => (this.bytesToServer += bytes));
    this.#carry(server, client, (bytes) => (this.bytesToClient += bytes));
    const end = (): void => {
      this.#pairs.delete(pair);
      client.destroy();
      server.destroy();
    };
    // A reset reaches the other side as a close; its error is the test's own doing.
    for (const socket of [client, server]) {
      socket.on('error', end);
      socket.on('close', end);
    }
  }

  #carry(from: Socket, to: Socket, count: (bytes: number) => void): void {
    let order = Promise.resolve();
    const later = (deliver: () => void): void => {
      const ms = this.#delayMs;
      const due = ms === 0 ? undefined : sleep(ms);
      order = order.then(async () => {
        await due;
        while (this.#gate !== undefined) await this.#gate.open;
        deliver();
      });
    };
    from.on('data', (chunk: Buffer) => {
      from.pause();
      later(() => {
        count(chunk.length);
        if (to.destroyed) return;
        to.write(chunk, () => from.resume());
      });
    });
    from.on('end', () => later(() => to.end()));
  }
}

/** @param target `host` and `port`, or a URL with both */
export async function startTcpProxy(target: ProxyTarget | string): Promise<TcpProxy> {
  const proxy = new TcpProxy(typeof target === 'string' ? targetOf(target) : target);
  await proxy.listen();
  return proxy;
}

function targetOf(url: string): ProxyTarget {
  const { hostname, port } = new URL(url);
  if (hostname === '' || port === '')
    throw new TypeError('a proxied address has a host and a port');
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) };
}
