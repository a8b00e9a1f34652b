/** What a service answers to a token, as far as an attacker could distinguish it. */
import { connect } from 'node:net';

export interface HttpAnswer {
  status: number;
  /** Without the request id and the date. */
  headers: Record<string, unknown>;
  /** Without the request id. */
  body: unknown;
}

/** GET with `Authorization: Bearer TOKEN`, or with other headers. */
export async function askOverHttp(
  address: string,
  token: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<HttpAnswer> {
  // Loaded by the first call: it takes longer to load than all else that most users of the testkit need.
  const { request } = await import('node:http');
  return await new Promise((resolve, reject) => {
    const authorization = token === '' ? 'Bearer' : `Bearer ${token}`;
    const sent = request(address, { headers: { authorization, ...headers } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({
          status: response.statusCode ?? 0,
          headers: withoutNames(response.headers, ['x-request-id', 'date']),
          body: anonymous(text),
        });
      });
    });
    sent.on('error', reject);
    sent.end();
  });
}

/**
 * A whole request as text, for what no client would send.
 *
 * @param lines of the head, without the last empty one
 * @returns the status; zero when the service hung up without one
 */
export async function askInText(address: string, lines: readonly string[]): Promise<number> {
  const { hostname, port } = new URL(address);
  return await new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(Number(port), hostname, () => {
      socket.write([...lines, 'Connection: close', '', ''].join('\r\n'));
    });
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => (answer += chunk));
    socket.on('error', reject);
    socket.on('close', () => resolve(Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1] ?? 0)));
  });
}

function anonymous(text: string): unknown {
  const body: unknown = JSON.parse(text);
  if (typeof body !== 'object' || body === null) return body;
  return withoutNames({ ...body }, ['request_id']);
}

function withoutNames(members: object, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([name]) => !names.includes(name)));
}
