/** A proxy that serves several services on one origin, each under a prefix that it takes off. */
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/** @param services prefix, such as `/auth`, to the origin behind it */
export async function startStrippingProxy(services: ReadonlyMap<string, string>) {
  const server = createServer((incoming, answer) => {
    const [, prefix = '', rest = '/'] = /^(\/[^/?]*)(.*)$/.exec(incoming.url ?? '/') ?? [];
    const origin = services.get(prefix);
    if (origin === undefined) {
      answer.writeHead(404).end('the proxy knows no such prefix');
      return;
    }
    const { method, headers } = incoming;
    const outgoing = request(origin + rest, { method, headers }, (back) => {
      answer.writeHead(back.statusCode ?? 502, back.headers);
      back.pipe(answer);
    });
    outgoing.on('error', () => answer.destroy());
    incoming.pipe(outgoing);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
