/** Stands in front of auth, and sees who is asked for a new token: by which user agent, and for which address. */
import { once } from 'node:events';
import { createServer, request } from 'node:http';

export interface SeenRefresh {
  userAgent: string | undefined;
  address: string | undefined;
}

export interface RefreshWitness extends AsyncDisposable {
  readonly url: string;
  readonly seen: readonly SeenRefresh[];
}

/** @param auth the address that what comes is passed on to, as it is */
export async function startRefreshWitness(auth: string): Promise<RefreshWitness> {
  const seen: SeenRefresh[] = [];
  const server = createServer((incoming, outgoing) => {
    const { method, url = '', headers } = incoming;
    if (url === '/v1/refresh') {
      const address = headers['x-forwarded-for']?.toString();
      seen.push({ userAgent: headers['user-agent'], address });
    }
    const onward = request(`${auth}${url}`, { method, headers, agent: false }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('it listens on no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    seen,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
