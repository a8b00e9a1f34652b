/**
 * The front of a deployment: pages, and the three services below one host name, as docs/security.md
 * asks for. Other host names have the attackers' pages. What passes is written down.
 */
import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { TestSystem } from '@portcullis/testbed';

export interface Passed {
  method: string;
  /** With the host, without the port: `app.localhost/auth/trpc/login`. */
  target: string;
  site: string | undefined;
  /** Whether it brought cookies that carry tokens. */
  withTokens: boolean;
  status: number;
  /** What the challenge of a refusal names (RFC 6750 section 3). */
  error: string | undefined;
}

export class Front implements AsyncDisposable {
  readonly passed: Passed[] = [];
  /** Waited for before the answer of a service is passed on, by the target of its request. */
  holdBack: (target: string) => Promise<void> = () => Promise.resolve();
  readonly port: number;
  readonly #close: () => Promise<void>;

  constructor(port: number, close: () => Promise<void>) {
    this.port = port;
    this.#close = close;
  }

  urlOf(host: string, path = '/'): string {
    return `http://${host}:${this.port}${path}`;
  }

  to(procedure: string): Passed[] {
    return this.passed.filter(({ target }) => target.endsWith(`/trpc/${procedure}`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }
}

const HTML = 'text/html; charset=utf-8';
const PAGE = `<!doctype html><title>page</title><script type="module" src="/sdk.js"></script>`;

interface FrontOptions {
  /** Where it listens; any that is free unless given. */
  port?: number;
  /** What its pages load; the SDK unless given. */
  script?: string;
}

export async function startFront(
  system: TestSystem,
  appHost: string,
  { port = 0, script }: FrontOptions = {},
): Promise<Front> {
  const sdk = script ?? (await bundledSdk());
  const services: Record<string, string> = {
    auth: system.auth.url,
    user: system.user.url,
    admin: system.admin.url,
  };
  const server = createServer((incoming, outgoing) => {
    const host = (incoming.headers.host ?? '').replace(/:\d+$/, '');
    const [, service = '', rest = ''] = /^\/(\w+)(\/.*)$/.exec(incoming.url ?? '') ?? [];
    const upstream = host === appHost ? services[service] : undefined;
    if (upstream !== undefined) {
      passOn(incoming, outgoing, `${upstream}${rest}`, async (answer) => {
        const { headers, method = '', url = '' } = incoming;
        const target = `${host}${url.split('?', 1)[0]}`;
        front.passed.push({
          method,
          target,
          site: headers['sec-fetch-site']?.toString(),
          withTokens: headers.cookie?.includes('__Host-portcullis-') === true,
          status: statusOf(answer),
          error: /\berror="([^"]*)"/.exec(answer.headers['www-authenticate'] ?? '')?.[1],
        });
        await front.holdBack(target);
      });
      return;
    }
    const isScript = incoming.url === '/sdk.js';
    outgoing.writeHead(200, { 'content-type': isScript ? 'text/javascript' : HTML });
    outgoing.end(isScript ? sdk : PAGE);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const front = new Front(address.port, async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return front;
}

function passOn(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  url: string,
  answered: (answer: IncomingMessage) => Promise<void>,
): void {
  const { method, headers } = incoming;
  const onward = request(url, { method, headers, agent: false }, (answer) => {
    void answered(answer).then(() => {
      outgoing.writeHead(statusOf(answer), answer.headers);
      answer.pipe(outgoing);
    });
  });
  onward.on('error', () => outgoing.destroy());
  outgoing.on('close', () => onward.destroy());
  incoming.pipe(onward);
}

function statusOf({ statusCode = 502 }: IncomingMessage): number {
  return statusCode;
}

/** The SDK as a page would load it, with its maker at `globalThis.createPortcullisClient`, and its storages beside it. */
async function bundledSdk(): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: `import { createPortcullisClient, tabStorage } from '@portcullis/client';
        import { indexedDbStorage } from '@portcullis/client/indexeddb';
        Object.assign(globalThis, { createPortcullisClient, tabStorage, indexedDbStorage });`,
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
    },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    conditions: ['portcullis-source'],
  });
  return outputFiles[0]?.text ?? '';
}
