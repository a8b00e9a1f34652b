/** WebSockets of browsers, which cannot set `Authorization`: the code of docs/events.md, pasted. */
import { createTestIssuer, type TestIssuer } from '@portcullis/testkit';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { compileFunction } from 'node:vm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import * as guard from '../../src/guard/index.ts';
import { createVerifier, type Verifier } from '../../src/index.ts';
import * as ws from '../../src/ws/index.ts';

let issuer: TestIssuer;
let verifier: Verifier;
let server: WebSocketServer;
let host: string;

beforeAll(async () => {
  issuer = await createTestIssuer();
  verifier = await createVerifier({
    issuer: issuer.issuer,
    audience: issuer.audience,
    service: 'test',
    feed: issuer.revocations.feed(),
  });
  await verifier.ready();
  const page = await readFile(new URL('../../../../docs/events.md', import.meta.url), 'utf8');
  const [, code = ''] = /```ts\n(import [^`]*?closeOnRevocation\([^`]*?)```/.exec(page) ?? [];
  const http = createServer();
  server = new WebSocketServer({ server: http });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  host = `127.0.0.1:${(http.address() as AddressInfo).port}`;
  const names = { ...guard, ...ws, server, verifier };
  const answer = (sub: string): void => {
    for (const socket of server.clients) socket.send(`for ${sub}`);
  };
  // Plain JavaScript but for its imports.
  const run = compileFunction(code.replaceAll(/^import .*$/gm, ''), [
    ...Object.keys(names),
    'answer',
  ]);
  run(...Object.values(names), answer);
});
afterAll(async () => {
  for (const socket of server.clients) socket.terminate();
  server.close();
  await verifier[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
});

/** The answer to its first message, or the code that it was closed with. */
async function open(headers: Record<string, string>): Promise<string> {
  const socket = new WebSocket(`ws://${host}`, { headers });
  const heard = once(socket, 'message').then(([data]) => String(data));
  const closed = once(socket, 'close').then(([code]) => `closed ${code}`);
  socket.on('open', () => socket.send('anything'));
  const first = await Promise.race([heard, closed]);
  socket.terminate();
  return first;
}

it("W1: a socket of a page is let in by the cookie, and that of another site's page is not", async () => {
  const access = `__Host-portcullis-access=${await issuer.mint()}`;
  const own = `http://${host}`;
  expect(await open({ cookie: access, origin: own })).toMatch(/^for usr_/);
  const { cross_site: code } = ws.CLOSE_CODES as Record<string, number>;
  const foreign = await open({ cookie: access, origin: 'https://evil.example' });
  expect(foreign).toBe(`closed ${code}`);
  expect(ws.FINAL_CLOSE_CODES.has(Number(code))).toBe(true);
  // A browser always says where it comes from (RFC 6455 section 4.1).
  expect(await open({ cookie: access })).toBe(`closed ${code}`);
  expect(await open({ authorization: `Bearer ${await issuer.mint()}` })).toMatch(/^for usr_/);
  expect(await open({ origin: own })).toBe(`closed ${ws.CLOSE_CODES.invalid_token}`);
});
