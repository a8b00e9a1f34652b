/** A service of one's own behind nothing but the guard: with requests as Node has them, and as the platform has. */
import { connect } from '@nats-io/transport-node';
import type { TestSystem } from '@portcullis/testbed';
import { createVerifier, type Verifier } from '@portcullis/verify';
import { connectionOptions, natsFeed } from '@portcullis/verify/feeds/nats';
import { createGuard, type Guard, type RequestLike } from '@portcullis/verify/guard';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface GuardedServer extends AsyncDisposable {
  url: string;
  verifier: Verifier;
}

export async function startGuardedServer({ auth, bed }: TestSystem): Promise<GuardedServer> {
  const options = connectionOptions({ service: 'guarded', url: bed.natsUrl });
  const connection = await connect(options);
  const verifier = await createVerifier({
    issuer: auth.issuer,
    audience: 'urn:portcullis:user',
    service: 'guarded',
    feed: natsFeed({ connection, prefix: bed.prefix }),
  });
  await verifier.ready();
  const guards = new Map<string, Guard>();
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://guarded.invalid');
    const guard = guards.get(pathname);
    if (guard === undefined) return void response.writeHead(404).end();
    const asked: RequestLike = pathname.startsWith('/web') ? platformRequest(request) : request;
    void guard.check(asked).then(
      ({ answer, caller }) => {
        if (answer === undefined) response.writeHead(200).end(JSON.stringify(caller));
        else response.writeHead(answer.status, answer.headers).end(JSON.stringify(answer.body));
      },
      () => response.writeHead(500).end('{}'),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const both = { cookies: {}, publicUrls: [url] };
  for (const form of ['/node', '/web']) {
    guards.set(`${form}/users`, createGuard(verifier, both));
    const require = { permission: 'verifiers:read' } as const;
    guards.set(`${form}/permitted`, createGuard(verifier, { ...both, require }));
  }
  return {
    url,
    verifier,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await verifier[Symbol.asyncDispose]();
      await connection.close();
    },
  };
}

function platformRequest({ method, url, rawHeaders }: IncomingMessage): Request {
  const headers = new Headers();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    headers.append(rawHeaders[at] ?? '', rawHeaders[at + 1] ?? '');
  }
  const target = new URL(url ?? '/', `http://${headers.get('host')}`);
  return new Request(target, { headers, ...(method !== undefined && { method }) });
}
