/**
 * A service of one's own behind nothing but guards, given requests in each of their forms: Node's, the platform's,
 * fastify's own, and one as Koa makes it.
 */
import { connect } from '@nats-io/transport-node';
import type { TestSystem } from '@portcullis/testbed';
import { createVerifier, type Verifier } from '@portcullis/verify';
import { connectionOptions, natsFeed } from '@portcullis/verify/feeds/nats';
import {
  createGuard,
  type GuardOptions,
  type RefusalHeaders,
  type RequestGuard,
  type RequestLike,
} from '@portcullis/verify/guard';
import { fastify } from 'fastify';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export const FORMS = ['node', 'web', 'koa', 'fastify'] as const;
export type Form = (typeof FORMS)[number];

/** What is demanded, by the path below that of the form. */
const DEMANDS = {
  users: {},
  permitted: { require: { permission: 'verifiers:read' } },
  administrators: { require: { role: 'admin' } },
  clients: { require: 'client' },
  anybody: { require: 'any' },
  scoped: { require: { scope: 'verifiers:read' } },
} as const satisfies Record<string, GuardOptions>;
export type Demand = keyof typeof DEMANDS;

export interface GuardedServer extends AsyncDisposable {
  urlOf(form: Form, demand: Demand): string;
  verifier: Verifier;
}

interface Answer {
  status: number;
  headers: RefusalHeaders;
  body: string;
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
  const guards = new Map<string, RequestGuard>();
  const answer = async (path: string, request: RequestLike): Promise<Answer> => {
    const guard = guards.get(path.split('/').at(-1) ?? '');
    if (guard === undefined) return { status: 404, headers: {}, body: '{}' };
    const { caller, answer: refused } = await guard.check(request);
    if (refused === undefined) return { status: 200, headers: {}, body: JSON.stringify(caller) };
    return { ...refused, body: JSON.stringify(refused.body) };
  };
  const [node, framework] = [await startNode(answer), await startFastify(answer)];
  const publicUrls = [node.url, framework.url];
  for (const [name, demands] of Object.entries(DEMANDS)) {
    const ofGuard: GuardOptions = { ...demands, cookies: {}, publicUrls };
    guards.set(name, createGuard(verifier, ofGuard));
  }
  return {
    urlOf: (form, demand) => `${(form === 'fastify' ? framework : node).url}/${form}/${demand}`,
    verifier,
    async [Symbol.asyncDispose]() {
      for (const { close } of [node, framework]) await close();
      await verifier[Symbol.asyncDispose]();
      await connection.close();
    },
  };
}

type Answering = (path: string, request: RequestLike) => Promise<Answer>;
interface Started {
  url: string;
  close: () => Promise<unknown>;
}

async function startNode(answering: Answering): Promise<Started> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://guarded.invalid');
    void answering(pathname, formOf(request, pathname)).then(
      ({ status, headers, body }) => response.writeHead(status, headers).end(body),
      () => response.writeHead(500).end('{}'),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function startFastify(answering: Answering): Promise<Started> {
  const app = fastify({ forceCloseConnections: true, exposeHeadRoutes: false });
  app.all('/*', async (request, reply) => {
    // All that it has: not what is behind it.
    const { status, headers, body } = await answering(request.url, request);
    return reply
      .code(status)
      .headers({ ...headers })
      .type('application/json')
      .send(body);
  });
  return { url: await app.listen({ port: 0, host: '127.0.0.1' }), close: async () => app.close() };
}

function formOf(request: IncomingMessage, path: string): RequestLike {
  if (path.startsWith('/web/')) return platformRequest(request);
  return path.startsWith('/koa/') ? requestOfKoa(request) : request;
}

/** What its `ctx.request` has of these: the headers as Node keeps them, and the request of Node as `req`. */
function requestOfKoa(req: IncomingMessage): RequestLike {
  return {
    req,
    originalUrl: req.url,
    get headers() {
      return req.headers;
    },
    get method() {
      return req.method;
    },
    get url() {
      return req.url;
    },
  };
}

function platformRequest({ method, url, rawHeaders }: IncomingMessage): Request {
  const headers = new Headers();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    headers.append(rawHeaders[at] ?? '', rawHeaders[at + 1] ?? '');
  }
  const target = new URL(url ?? '/', 'http://guarded.invalid');
  return new Request(target, { headers, ...(method !== undefined && { method }) });
}
