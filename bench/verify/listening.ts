/** tRPC's own HTTP server, with the procedures of a router. */
import type { AnyRouter } from '@trpc/server';
import { createHTTPServer } from '@trpc/server/adapters/standalone';
import type { AddressInfo } from 'node:net';
import type { Callable } from './call-settings.ts';
import { answerFor, type CallContext, type Caller } from './guards.ts';

export interface Listening extends AsyncDisposable {
  /** Of that router. */
  callable(
    name: string,
    path: string,
    callers: readonly Caller[],
    refused: Callable['forged'],
  ): Callable;
}

/** @param router of procedures that take no input and answer with the orders of the caller */
export async function listening(router: AnyRouter): Promise<Listening> {
  const server = createHTTPServer({
    router,
    createContext: ({ req }): CallContext => ({
      request: req,
      authorization: req.headers.authorization,
      headers: req.headers,
    }),
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const port = portOf(server.address());
  return {
    callable: (name, path, callers, forged) => {
      const calls = callers.map(({ headers, subject }) => ({
        headers,
        body: JSON.stringify({ result: { data: answerFor(subject) } }),
      }));
      return { name, port, path: `/${path}`, calls, forged };
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('it listens on no port');
  return address.port;
}
