/**
 * Who sent what the parser refused. It knows of no request then: what can be known is in the bytes that
 * it stumbled over, or in the request of which they are the body.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

export interface Sender {
  url: string;
  origin: string | undefined;
}

/** The request that each connection is in the middle of. */
export class RequestsOfSockets {
  readonly #current = new WeakMap<Duplex, Sender>();

  watch(server: Server): void {
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      const { socket } = request;
      this.#current.set(socket, senderOf(request));
      response.once('close', () => this.#current.delete(socket));
    });
  }

  of(socket: Duplex): Sender | undefined {
    return this.#current.get(socket);
  }
}

export function senderOf({ url, headers }: IncomingMessage): Sender {
  return { url: url ?? '/', origin: headers.origin };
}

const REQUEST_LINE = /^[A-Z]+ ([^ \r\n]+)/;
const ORIGIN = /^origin:[ \t]*([^\r\n]*?)[ \t]*$/gim;

/** As far as it can be read there; more than one origin is none. */
export function senderInBytes(bytes: Buffer): Sender {
  const [head = ''] = bytes.toString('latin1').split('\r\n\r\n', 1);
  const origins = [...head.matchAll(ORIGIN)].map(([, origin]) => origin);
  return {
    url: REQUEST_LINE.exec(head)?.[1] ?? '/',
    origin: origins.length === 1 ? origins[0] : undefined,
  };
}
