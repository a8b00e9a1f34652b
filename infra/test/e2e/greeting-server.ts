/** A WebSocket server on a verifier of its own, as an adopter's service would be. */
import { connect } from '@nats-io/transport-node';
import type { TestSystem } from '@portcullis/testbed';
import { createVerifier } from '@portcullis/verify';
import { natsFeed } from '@portcullis/verify/feeds/nats';
import { createGuard } from '@portcullis/verify/guard';
import { closeOnRevocation } from '@portcullis/verify/ws';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { WebSocket, WebSocketServer } from 'ws';

export interface Socket {
  socket: WebSocket;
  closed: Promise<{ code: number; at: number; wall: number }>;
}

export async function startGreetingServer(system: TestSystem) {
  const url = new URL(system.bed.natsUrl);
  const connection = await connect({
    servers: url.host,
    ...(url.username !== '' && {
      user: decodeURIComponent(url.username),
      pass: decodeURIComponent(url.password),
    }),
  });
  const verifier = await createVerifier({
    issuer: system.auth.issuer,
    audience: 'urn:portcullis:user',
    service: 'greeting',
    feed: natsFeed({ connection, prefix: system.bed.prefix }),
  });
  await verifier.ready();
  const guard = createGuard(verifier);
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  server.on('connection', (socket, request) => {
    void greet(socket, request);
  });
  await once(server, 'listening');

  async function greet(socket: WebSocket, request: IncomingMessage): Promise<void> {
    const held = await closeOnRevocation(socket, guard, request);
    if (held !== undefined) socket.send(`hello ${held.claims.sub}`);
  }

  return {
    verifier,
    /** Open, and greeted. */
    async open(token: string): Promise<Socket> {
      const address = server.address();
      if (address === null || typeof address === 'string') throw new Error('not listening');
      const headers = { authorization: `Bearer ${token}` };
      const socket = new WebSocket(`ws://127.0.0.1:${address.port}`, { headers });
      const closed = once(socket, 'close').then(([code]: unknown[]) => ({
        code: Number(code),
        at: performance.now(),
        wall: Date.now(),
      }));
      await once(socket, 'message');
      return { socket, closed };
    },
    async [Symbol.asyncDispose]() {
      for (const socket of server.clients) socket.terminate();
      server.close();
      await verifier[Symbol.asyncDispose]();
      await connection.close();
    },
  };
}
