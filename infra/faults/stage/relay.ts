/** Carries connections from one socket to another; each is a loopback port or a Unix socket. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface Route {
  from: number | string;
  to: number | string;
}

export type Relay = AsyncDisposable;

export async function startRelay({ from, to }: Route): Promise<Relay> {
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const target = connect(typeof to === 'number' ? { port: to, host: '127.0.0.1' } : { path: to });
    for (const [one, other] of [
      [client, target],
      [target, client],
    ] as const) {
      open.add(one);
      one.setNoDelay(true);
      one.on('error', () => one.destroy());
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  server.listen(typeof from === 'number' ? { port: from, host: '127.0.0.1' } : { path: from });
  await once(server, 'listening');
  return {
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
