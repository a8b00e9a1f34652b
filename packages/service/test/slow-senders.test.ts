/**
 * Whoever sends slowly holds one connection for a bounded time, and nothing else up.
 * (Issue 5, must show 7; hostile-input.md, Endpoints.)
 */
import { connect } from 'node:net';
import { setTimeout as passed } from 'node:timers/promises';
import { errorBody } from '@portcullis/contracts/schemas';
import { afterAll, beforeAll, it } from 'vitest';
import * as bounds from '../src/http/bounds.ts';
import { startSmallService } from './small-service.ts';

let service: Awaited<ReturnType<typeof startSmallService>>;
beforeAll(async () => {
  service = await startSmallService({ cookies: { origins: [PAGE] } });
});
afterAll(() => service[Symbol.asyncDispose]());

const PAGE = 'https://app.example.com';
const HEAD = `POST /v1/things HTTP/1.1\r\nhost: a\r\norigin: ${PAGE}\r\n`;
/** How many send in each way at the same time. */
const SENDERS = 50;
/** Between two bytes, in milliseconds: far below any bound on silence. */
const PACE = 400;

/** Sends the first bytes at once, the rest one by one, until the server has had enough. */
async function sendSlowly(at: string, bytes: string): Promise<{ answer: string; ms: number }> {
  const rest = ' '.repeat(200);
  const began = performance.now();
  const { hostname, port } = new URL(service.origin);
  const socket = connect(Number(port), hostname);
  let answer = '';
  let open = true;
  socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
  socket.on('error', () => (open = false));
  socket.on('close', () => (open = false));
  socket.write(at);
  for (const byte of bytes + rest) {
    if (!open) break;
    socket.write(byte);
    await passed(PACE);
  }
  socket.destroy();
  return { answer, ms: performance.now() - began };
}

it.concurrent(
  'a slow head, a slow body and slow chunks are answered 408 in time; others do not wait',
  async ({ expect }) => {
    const heldAtMost = bounds.REQUEST_TIMEOUT_MS + bounds.TIMEOUT_CHECK_INTERVAL_MS;
    const slow = Promise.all(
      [
        ['', HEAD],
        [`${HEAD}content-type: application/json\r\ncontent-length: 1000\r\n\r\n`, '{"count":'],
        [
          `${HEAD}content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`,
          '1000\r\n{',
        ],
      ].flatMap(([first = '', then = '']) =>
        Array.from({ length: SENDERS }, () => sendSlowly(first, then)),
      ),
    );
    await passed(2_000);
    const waited = [];
    for (let asked = 0; asked < 20; asked += 1) {
      const began = performance.now();
      expect((await fetch(`${service.origin}/v1/nothing`)).status).toBe(404);
      waited.push(performance.now() - began);
    }
    expect(waited.toSorted((a, b) => a - b)[10]).toBeLessThan(1_000);

    for (const [i, { answer, ms }] of (await slow).entries()) {
      const [head = '', body = ''] = answer.split('\r\n\r\n', 2);
      expect(head).toMatch(/^HTTP\/1\.1 408 /);
      expect(head.toLowerCase()).toContain('connection: close');
      // A head that did not arrive has told no origin.
      const allowed = /^access-control-allow-origin: (.*)\r$/m.exec(head)?.[1];
      expect(allowed).toBe(i < SENDERS ? undefined : PAGE);
      expect(head).toMatch(/^vary: origin\r$/m);
      expect(errorBody.parse(JSON.parse(body)).code).toBe('request_timeout');
      // The slack is the machine's, not the server's.
      expect(ms).toBeLessThan(heldAtMost + 8_000);
    }
    await expect
      .poll(
        () =>
          new Promise((resolve) => service.server.app.server.getConnections((_, n) => resolve(n))),
      )
      .toBeLessThanOrEqual(2);
  },
  60_000,
);

it.concurrent(
  'a connection that says nothing is closed',
  async ({ expect }) => {
    const { hostname, port } = new URL(service.origin);
    const socket = connect(Number(port), hostname);
    const began = performance.now();
    await new Promise((resolve) => {
      socket.on('error', resolve);
      socket.on('close', resolve);
      socket.resume();
    });
    expect(performance.now() - began).toBeLessThan(
      bounds.HEADERS_TIMEOUT_MS + bounds.TIMEOUT_CHECK_INTERVAL_MS + 8_000,
    );
  },
  60_000,
);
