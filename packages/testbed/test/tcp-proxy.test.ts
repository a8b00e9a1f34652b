import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startTcpProxy, type TcpProxy } from '../src/index.ts';

let echo: Server;
let proxy: TcpProxy;
const sockets: Socket[] = [];

beforeEach(async () => {
  echo = createServer((socket) => {
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
  proxy = await startTcpProxy({ host: '127.0.0.1', port: (echo.address() as AddressInfo).port });
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await proxy[Symbol.asyncDispose]();
  await new Promise<void>((resolve) => echo.close(() => resolve()));
});

async function dial(): Promise<Socket> {
  const socket = connect(proxy.port, proxy.host);
  socket.on('error', () => {});
  sockets.push(socket);
  await once(socket, 'connect');
  return socket;
}

/** Unlike `once`, takes a reset for an end as good as any. */
function end(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

async function say(socket: Socket, text: string): Promise<string> {
  const answer = once(socket, 'data');
  socket.write(text);
  return String((await answer)[0]);
}

test('carries bytes both ways, in order, and counts them', async () => {
  const socket = await dial();
  expect(await say(socket, 'hello')).toBe('hello');
  const big = 'x'.repeat(1_000_000);
  let received = 0;
  socket.on('data', (chunk: Buffer) => (received += chunk.length));
  socket.write(big);
  while (received < big.length) await sleep(5);
  expect(proxy).toMatchObject({ connections: 1, open: 1 });
  expect(proxy.bytesToServer).toBe(1_000_005);
  expect(proxy.bytesToClient).toBe(1_000_005);
  socket.end();
  await end(socket);
  while (proxy.open > 0) await sleep(5);
});

test('cut resets what is open and lets nothing in until it is mended', async () => {
  const socket = await dial();
  await say(socket, 'hello');
  const closed = end(socket);
  proxy.cut();
  await closed;
  const refused = connect(proxy.port, proxy.host);
  refused.on('error', () => {});
  await end(refused);
  proxy.mend();
  expect(await say(await dial(), 'again')).toBe('again');
});

test('pause keeps the connection open and lets nothing through', async () => {
  const socket = await dial();
  await say(socket, 'hello');
  proxy.pause();
  const answer = say(socket, 'later');
  const first = await Promise.race([answer, sleep(100, 'silence')]);
  expect(first).toBe('silence');
  proxy.resume();
  expect(await answer).toBe('later');
});

test('delay holds each chunk back, each way', async () => {
  const socket = await dial();
  proxy.delay(50);
  const begun = performance.now();
  expect(await say(socket, 'slow')).toBe('slow');
  expect(performance.now() - begun).toBeGreaterThan(95);
});
