import type { Server } from 'node:net';

/** The TCP port that a server listens on. */
export function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('listens on no TCP port');
  return address.port;
}
