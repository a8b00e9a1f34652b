import { once } from 'node:events';
import type { Server } from 'node:http';

/** @returns how it is ended */
export async function listen(server: Server, port: number): Promise<() => Promise<void>> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return ending(server);
}

/** With all of its connections. */
export function ending(server: Server): () => Promise<void> {
  return async () => {
    server.closeAllConnections();
    server.close();
  };
}
