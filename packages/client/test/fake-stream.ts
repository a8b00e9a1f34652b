/** The subscription of the fake services: SSE as the routers write it, under the test's control. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ErrorCode } from '../src/error.ts';

export interface Opening {
  url: string;
  authorization: string | undefined;
  lastEventId: string | undefined;
  requestId: string | undefined;
  at: number;
}

export class FakeStream {
  readonly openings: Opening[] = [];
  readonly #open = new Set<ServerResponse>();

  get open(): number {
    return this.#open.size;
  }

  accept(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    write(response, 'connected', {});
    this.#open.add(response);
    response.on('close', () => this.#open.delete(response));
  }

  note(request: IncomingMessage): void {
    const {
      authorization,
      'last-event-id': lastEventId,
      'x-request-id': requestId,
    } = request.headers;
    this.openings.push({
      url: request.url ?? '',
      authorization,
      lastEventId: typeof lastEventId === 'string' ? lastEventId : undefined,
      requestId: typeof requestId === 'string' ? requestId : undefined,
      at: performance.now(),
    });
  }

  send(id: string, data: unknown): void {
    for (const response of this.#open) {
      response.write(`data: ${JSON.stringify(data)}\nid: ${id}\n\n\n`);
    }
  }

  /** Text as it is, in pieces as they are. */
  sendRaw(text: string | Uint8Array): void {
    for (const response of this.#open) response.write(text);
  }

  cut(code: ErrorCode, httpStatus: number): void {
    const portcullis = { code, message: `public text of ${code}`, request_id: 'req_fake' };
    const data = { code: 'X', httpStatus, path: 'me.events', portcullis };
    for (const response of this.#open) {
      write(response, 'serialized-error', { message: portcullis.message, code: -32_001, data });
      response.end();
    }
  }

  hangUp(): void {
    for (const response of this.#open) response.destroy();
  }
}

function write(response: ServerResponse, event: string, data: unknown): void {
  response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n\n`);
}
