/**
 * The metadata and the key set of a test issuer: over HTTP on a loopback address, and in this process, for the verifiers of
 * the same tests. Those need neither Node's HTTP nor its fetch, which take longer to load than all the rest: HTTP is loaded
 * by the first connection.
 */
import type { Server as HttpServer } from 'node:http';
import { createServer, type Socket } from 'node:net';
import type { IssuerKeys } from './issuer-keys.ts';
import { portOf } from './port-of.ts';

const KEY_SET = '/.well-known/jwks.json';
/** RFC 8414 section 3. */
const METADATA = '/.well-known/oauth-authorization-server';

interface Answer {
  status: number;
  type: string;
  text: string;
}

/** The shape of `Fetch` of `@portcullis/verify`, which this may not import. */
export type FetchOfIssuer = (
  url: string,
  init: RequestInit,
) => Promise<Pick<Response, 'status' | 'body'>>;

export interface MetadataServer {
  readonly issuer: string;
  readonly jwksUrl: string;
  /** Answers for the issuer in this process, and fetches what is anywhere else. */
  readonly fetch: FetchOfIssuer;
  /** How often the key set was asked for, in either way. */
  readonly keySetRequests: number;
  close(): Promise<void>;
}

export async function serveMetadata(keys: IssuerKeys): Promise<MetadataServer> {
  let keySetRequests = 0;
  let isClosed = false;
  const answerTo = (path: string | undefined): Answer => {
    switch (path) {
      case METADATA:
        return { status: 200, type: 'application/json', text: JSON.stringify(metadataOf(issuer)) };
      case KEY_SET: {
        keySetRequests += 1;
        const text = JSON.stringify({ keys: keys.published() });
        return { status: 200, type: 'application/jwk-set+json', text };
      }
      default:
        return { status: 404, type: 'text/plain', text: '' };
    }
  };
  const { port, close } = await listen(answerTo);
  const issuer = `http://127.0.0.1:${port}`;
  return {
    issuer,
    jwksUrl: `${issuer}${KEY_SET}`,
    fetch: async (url, init) => {
      if (!url.startsWith(`${issuer}/`)) return await fetch(url, init);
      init.signal?.throwIfAborted();
      // As `fetch` has it where nothing listens.
      if (isClosed) throw new TypeError('fetch failed');
      const { status, text } = answerTo(url.slice(issuer.length));
      return { status, body: streamOf(text) };
    },
    get keySetRequests() {
      return keySetRequests;
    },
    close: async () => {
      isClosed = true;
      await close();
    },
  };
}

/** What every issuer has to say of itself (RFC 8414 section 2); it has no authorization endpoint. */
function metadataOf(issuer: string) {
  return { issuer, jwks_uri: `${issuer}${KEY_SET}`, response_types_supported: [] };
}

function streamOf(text: string): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(text));
      controller.close();
    },
  });
}

async function listen(answerTo: (path: string | undefined) => Answer) {
  const sockets = new Set<Socket>();
  let http: Promise<HttpServer> | undefined;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    // One that breaks off while HTTP is being loaded.
    socket.on('error', () => socket.destroy());
    http ??= httpServer(answerTo);
    // As the documentation of the event has it: a connection from elsewhere is given to an HTTP server.
    void http.then((over) => over.emit('connection', socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: portOf(server),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function httpServer(answerTo: (path: string | undefined) => Answer): Promise<HttpServer> {
  const { createServer: createHttpServer } = await import('node:http');
  return createHttpServer((request, response) => {
    const { status, type, text } = answerTo(request.url);
    response.writeHead(status, { 'content-type': type }).end(text);
  });
}
