/** WebSockets of a service of one's own behind the guard, and how one that was asked for begins or ends. */
import { createGuard } from '@portcullis/verify/guard';
import { closeOnRevocation } from '@portcullis/verify/ws';
import { once } from 'node:events';
import { WebSocket, WebSocketServer } from 'ws';
import type { Header } from './behaviours.ts';
import type { GuardedServer } from './guarded-server.ts';

export interface GuardedSockets extends AsyncDisposable {
  /** With `http`, as proofs name it. */
  url: string;
}

export async function startGuardedSockets({ verifier }: GuardedServer): Promise<GuardedSockets> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening');
  const url = `http://127.0.0.1:${address.port}`;
  const guard = createGuard(verifier, { cookies: {}, publicUrls: [url] });
  server.on('connection', (socket, request) => {
    void closeOnRevocation(socket, guard, request).then((held) => {
      if (held !== undefined) socket.send(held.claims.sub);
    });
  });
  return {
    url: `${url}/socket`,
    async [Symbol.asyncDispose]() {
      for (const socket of server.clients) socket.terminate();
      server.close();
    },
  };
}

/** @returns `let in`, or the code that it was closed with */
export async function outcomeOfSocket(
  url: string,
  sent: readonly Header[],
): Promise<number | 'let in'> {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of sent) {
    const before = headers[name];
    headers[name] = before === undefined ? value : [before, value].flat();
  }
  const socket = new WebSocket(url.replace('http', 'ws'), { headers });
  try {
    return await Promise.race([
      once(socket, 'message').then(() => 'let in' as const),
      once(socket, 'close').then(([code]) => Number(code)),
    ]);
  } finally {
    socket.terminate();
  }
}
