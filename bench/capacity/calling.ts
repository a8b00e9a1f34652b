/** A client of HTTP that costs as little as it can: what drives the load shares its processors with what is measured. */
import { Agent, request, type OutgoingHttpHeaders } from 'node:http';

export interface Answer {
  status: number;
  body: string;
}

export interface Call {
  method: 'GET' | 'POST';
  path: string;
  token?: string;
  authorization?: string;
  /** Sent as JSON, or a text as a form. */
  body?: object | string;
}

export interface Caller extends Disposable {
  /** @throws Error for what is no answer */
  call(call: Call): Promise<Answer>;
  /** @throws Error for an answer that is no success */
  succeed(call: Call): Promise<unknown>;
}

export function callerOf(url: string, connections: number): Caller {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const { hostname, port } = new URL(url);
  const call: Caller['call'] = async ({ method, path, token, authorization, body }) => {
    const sent = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const headers: OutgoingHttpHeaders = {};
    if (token !== undefined) headers.authorization = `Bearer ${token}`;
    if (authorization !== undefined) headers.authorization = authorization;
    if (sent !== undefined) {
      headers['content-type'] =
        typeof body === 'string' ? 'application/x-www-form-urlencoded' : 'application/json';
      headers['content-length'] = Buffer.byteLength(sent);
    }
    return await new Promise((resolve, reject) => {
      const asked = request({ agent, hostname, port, method, path, headers }, (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (part: string) => (text += part));
        answer.once('end', () => resolve({ status: answer.statusCode ?? 0, body: text }));
        answer.once('error', reject);
      });
      asked.once('error', reject);
      asked.end(sent);
    });
  };
  return {
    call,
    async succeed(what) {
      const { status, body } = await call(what);
      if (status >= 200 && status < 300) return body === '' ? null : JSON.parse(body);
      throw new Error(`${what.method} ${what.path}: ${status} ${body}`);
    },
    [Symbol.dispose]: () => agent.destroy(),
  };
}
