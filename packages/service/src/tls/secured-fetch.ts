/**
 * `fetch` to auth over connections that are secured by the files of the settings. The one of Node takes authorities
 * from NODE_EXTRA_CA_CERTS alone, which is read once, and shows no certificate.
 *
 * It does what calls to auth need: one request, never a redirect, a body that is text, and an end by a signal.
 */
import { Agent, request as httpsRequest } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { connect } from 'node:tls';
import { reasonOfPeer } from '@portcullis/api';
import { followedContext, type TlsFiles } from './followed-context.ts';

/** Milliseconds; less than what the services keep an idle connection for. */
const IDLE_MS = 4_000;
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * That of Node where no file is given. Either says why auth was not connected to, where that is what it showed of itself.
 *
 * @throws Error that names the file, when one cannot be used at the start
 */
export function securedFetch(files: TlsFiles): typeof fetch {
  const isPlain = Object.values(files).every((file) => file === undefined);
  const ask = isPlain ? fetch : fetchOver(new FollowingAgent(files));
  return async (input, init) => {
    try {
      return await ask(input, init);
    } catch (error) {
      const reason = reasonOfPeer(error);
      throw reason === undefined ? error : new TypeError(`auth: ${reason}`, { cause: error });
    }
  };
}

function fetchOver(agent: Agent): typeof fetch {
  return async (input, init) => {
    const asked = new Request(input, { ...init, redirect: 'manual' });
    // Only addresses of this machine have that scheme.
    if (new URL(asked.url).protocol === 'http:') return await fetch(input, init);
    const body = asked.body === null ? undefined : await asked.text();
    const answer = await send(asked, body, agent);
    if (init?.redirect === 'error' && isRedirect(answer)) {
      answer.destroy();
      throw new TypeError('fetch failed', { cause: new Error('unexpected redirect') });
    }
    return responseOf(answer);
  };
}

/** The certificate of the server is always checked; by the files as they are when it connects. */
class FollowingAgent extends Agent {
  constructor(files: TlsFiles) {
    super({ keepAlive: true, timeout: IDLE_MS });
    const context = followedContext(files, { publicToo: true });
    this.createConnection = ({ host, port }) => {
      const name = host ?? 'localhost';
      return connect({
        host: name,
        port: Number(port),
        servername: isIP(name) === 0 ? name : '',
        rejectUnauthorized: true,
        secureContext: context(),
      });
    };
  }
}

async function send(
  { url, method, headers, signal }: Request,
  body: string | undefined,
  agent: Agent,
): Promise<IncomingMessage> {
  signal.throwIfAborted();
  return await new Promise((resolve, reject) => {
    const fail = (cause: unknown): void =>
      reject(signal.aborted ? signal.reason : new TypeError('fetch failed', { cause }));
    const sent = httpsRequest(url, { method, headers: Object.fromEntries(headers), agent, signal });
    sent.once('response', resolve);
    sent.once('error', fail);
    sent.end(body);
  });
}

const isRedirect = ({ statusCode = 0 }: IncomingMessage): boolean =>
  statusCode >= 300 && statusCode < 400 && statusCode !== 304;

function responseOf(answer: IncomingMessage): Response {
  const { statusCode: status = 0, rawHeaders } = answer;
  const headers = new Headers();
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    headers.append(rawHeaders[at] ?? '', rawHeaders[at + 1] ?? '');
  }
  if (WITHOUT_BODY.has(status)) {
    answer.resume();
    return new Response(null, { status, headers });
  }
  return new Response(bodyOf(answer), { status, headers });
}

function bodyOf(answer: IncomingMessage): ReadableStream<Uint8Array> {
  const chunks = answer[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done === true) controller.close();
      else if (value instanceof Uint8Array) controller.enqueue(value);
    },
    cancel() {
      answer.destroy();
    },
  });
}
