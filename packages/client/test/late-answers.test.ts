/** An answer that has begun, and does not end, is waited for no longer than was said, whatever is collected meanwhile. */
import { collectingGarbage } from '@portcullis/testbed';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { exchange } from '../src/exchange.ts';
import { connectStream } from '../src/stream-connection.ts';

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

async function listening(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return `http://127.0.0.1:${address.port}/`;
}

test.each<[string, RequestListener]>([
  ['that does not begin', () => undefined],
  ['that does not end', (_, response) => void response.write('{')],
])('a call whose caller may abort it ends in time, by an answer %s', async (_, listener) => {
  const url = await listening(listener);
  const { signal } = new AbortController();
  const asked = async () => await exchange(fetch, url, { signal }, 500);
  await expect(collectingGarbage(asked)).rejects.toMatchObject({ code: 'network' });
});

test('a stream that is waited for ends when it is closed', async () => {
  const url = await listening((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: {}\n\n');
  });
  const closing = new AbortController();
  const request = {
    url,
    token: undefined,
    credentials: 'omit',
    lastEventId: '',
    requestId: undefined,
  } as const;
  const heard: string[] = [];
  const listen = async (): Promise<void> => {
    for await (const { data } of connectStream(fetch, { ...request, signal: closing.signal })) {
      heard.push(data);
      setTimeout(() => closing.abort(), 500);
    }
  };
  await expect(collectingGarbage(listen)).rejects.toMatchObject({ code: 'network' });
  expect(heard).toEqual(['{}']);
});
