/** What `npm run load` takes for a failure, and what a client may ask again. The run itself is a command. */
import { createServer, type RequestListener, type Server } from 'node:http';
import { once } from 'node:events';
import { afterEach, expect, it } from 'vitest';
import { portOf } from '../faults/stage/port-of.ts';
import { patientAsk } from '../load/patient-ask.ts';

let server: Server | undefined;

afterEach(async () => {
  server?.close();
  if (server?.listening === true) await once(server, 'close');
});

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${portOf(server)}`;
}

it('asks again after 503 with Retry-After, and says for what', async () => {
  let asked = 0;
  const url = await serve((_, response) => {
    asked += 1;
    if (asked === 1) response.writeHead(503, { 'retry-after': '1' });
    response.end(asked === 1 ? '{"code":"unavailable"}' : '{}');
  });
  const again = new Map<string, number>();
  expect(await patientAsk(again)(url, {})).toMatchObject({ status: 200 });
  expect([...again]).toEqual([['503 unavailable, with Retry-After', 1]]);
  expect(asked).toBe(2);
});

it.each([
  ['500', 500, {}],
  ['503 without Retry-After', 503, {}],
  ['503 that asks for more than there is time for', 503, { 'retry-after': '60' }],
  ['401', 401, { 'retry-after': '1' }],
])('takes %s as the answer', async (_, status, headers) => {
  let asked = 0;
  const url = await serve((_request, response) => {
    asked += 1;
    response.writeHead(status, headers).end('{}');
  });
  const again = new Map<string, number>();
  expect(await patientAsk(again)(url, {})).toMatchObject({ status });
  expect([asked, again.size]).toEqual([1, 0]);
});

it('asks again after a refused connection, and not after one that was cut off', async () => {
  const url = await serve((request) => request.socket.destroy());
  const again = new Map<string, number>();
  expect(await patientAsk(again)(url, {})).toMatchObject({ status: 0 });
  expect(again.size).toBe(0);
  server?.close();
  server?.closeAllConnections();
  const asked = patientAsk(again)(url, {});
  await expect.poll(() => again.get('refused connection')).toBe(1);
  const port = Number(new URL(url).port);
  server = createServer((_, response) => response.end('{}')).listen(port, '127.0.0.1');
  expect(await asked).toMatchObject({ status: 200 });
});
