/** One request, line by line as it is given, and all that its answer says. */
import { request } from 'node:http';

export interface Asked {
  method: string;
  url: string;
  /** In their order; a name may come twice. */
  headers: readonly (readonly [string, string])[];
  body?: string;
}

export interface WholeAnswer {
  status: number;
  /** Of the id in `x-request-id`: whether there is one, and whether the body has it. */
  requestId: 'none' | 'alone' | 'that of the body' | 'another';
  headers: Record<string, unknown>;
  body: unknown;
}

/** What is another one each time, or belongs to the connection. */
const LEFT_OUT = ['date', 'x-request-id', 'connection', 'keep-alive'];

/** The answer whole; of a success the status and the headers, since its body is the operation's. */
export async function ask({ method, url, headers, body }: Asked): Promise<WholeAnswer> {
  const { host, hostname, port, pathname, search } = new URL(url);
  const own = headers.some(([name]) => name === 'host') ? [] : [['host', host]];
  const lines = [...own, ...headers].flat();
  return await new Promise((resolve, reject) => {
    const options = {
      method,
      hostname,
      port,
      path: pathname + search,
      headers: lines,
      agent: false,
    };
    const sent = request(options, (response) => {
      const chunks: Buffer[] = [];
      const { statusCode: status = 0, headers: all } = response;
      const answered = (text: string) =>
        resolve({
          status,
          requestId: idIn(all, text),
          headers: shown(all, status),
          body: bodyOf(text, status),
        });
      if (all['content-type']?.startsWith('text/event-stream') === true) {
        answered('');
        response.on('error', () => undefined);
        sent.destroy();
        return;
      }
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => answered(Buffer.concat(chunks).toString()));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

function shown(headers: NodeJS.Dict<string | string[]>, status: number): Record<string, unknown> {
  const left = status < 300 ? [...LEFT_OUT, 'content-length'] : LEFT_OUT;
  const kept = Object.entries(headers).filter(([name]) => !left.includes(name));
  return Object.fromEntries(kept.map(([name, value]) => [name, withoutSecrets(name, value)]));
}

function withoutSecrets(name: string, value: string | string[] | undefined): unknown {
  if (name === 'dpop-nonce') return '(a nonce)';
  if (name !== 'set-cookie') return value;
  return [value].flat().map((cookie) => cookie?.replace(/^([^=;]+)=[^;]+/, '$1=(a token)'));
}

export function idIn(
  headers: NodeJS.Dict<string | string[]>,
  text: string,
): WholeAnswer['requestId'] {
  const id = headers['x-request-id'];
  const named = [...text.matchAll(/"request_id":"([^"]*)"/g)].map(([, own]) => own);
  if (id === undefined) return named.length === 0 ? 'none' : 'another';
  if (named.length === 0) return 'alone';
  return named.every((own) => own === id) ? 'that of the body' : 'another';
}

function bodyOf(text: string, status: number): unknown {
  // That of a HEAD is none, whatever is answered.
  if (status < 300 || text === '') return undefined;
  if (status === 431 && !text.includes('"code":"')) return undefined;
  return JSON.parse(text, (name, value: unknown) => (name === 'request_id' ? undefined : value));
}
