/**
 * What stands before the instances of auth: each connection goes to the next of them that takes it.
 * It looks at connections only, so an instance that is paused still gets its share, until it is removed.
 */
import { portOf } from './port-of.ts';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';

export class Balancer implements AsyncDisposable {
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  #ports: number[] = [];
  #turn = 0;
  #isCut = false;

  constructor() {
    this.#server = createServer({ noDelay: true }, (client) => void this.#serve(client));
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  get port(): number {
    return portOf(this.#server);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  add(port: number): void {
    this.#ports.push(port);
  }

  /** Resets every connection, and those to come. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#open) socket.resetAndDestroy();
  }

  mend(): void {
    this.#isCut = false;
  }

  /** New connections go elsewhere; those that it has go on. */
  remove(port: number): void {
    this.#ports = this.#ports.filter((one) => one !== port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #serve(client: Socket): Promise<void> {
    this.#keep(client);
    if (this.#isCut) {
      client.resetAndDestroy();
      return;
    }
    this.#turn += 1;
    const from = this.#turn % Math.max(1, this.#ports.length);
    for (const port of [...this.#ports.slice(from), ...this.#ports.slice(0, from)]) {
      const server = connect({ host: '127.0.0.1', port, noDelay: true });
      this.#keep(server);
      try {
        await once(server, 'connect');
      } catch {
        continue;
      }
      client.on('close', () => server.destroy());
      server.on('close', () => client.destroy());
      client.pipe(server).pipe(client);
      return;
    }
    client.resetAndDestroy();
  }

  #keep(socket: Socket): void {
    this.#open.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#open.delete(socket));
  }
}
