/** What a client sends on a WebSocket before its token has been checked. */
import { createTestIssuer } from '@portcullis/testkit';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { createGuard, type TokenCheck } from '../../src/guard/index.ts';
import { createVerifier } from '../../src/index.ts';
import { closeOnRevocation } from '../../src/ws/index.ts';

it('W4: a message that is sent on open arrives, though the check has to wait', async () => {
  await using issuer = await createTestIssuer();
  await using verifier = await createVerifier({
    issuer: issuer.issuer,
    audience: issuer.audience,
    service: 'test',
    feed: issuer.revocations.feed(),
  });
  await verifier.ready();
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const token = await issuer.mint();
  const client = new WebSocket(`ws://127.0.0.1:${port}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  // The check goes on once the server has read what was sent, or holds it back.
  const read = Promise.race([once(client, 'pong'), delay(500)]);
  const slow = {
    verifyMaybeSync: (...call) => verifier.verifyMaybeSync(...call),
    watch: async (...call) => {
      await read;
      return await verifier.watch(...call);
    },
  } satisfies TokenCheck;
  const guard = createGuard(slow);
  const heard: string[] = [];
  const done = new Promise<void>((resolve) => {
    server.on('connection', (socket, request) => {
      void (async () => {
        const held = await closeOnRevocation(socket, guard, request);
        socket.on('message', (data: Buffer) => {
          heard.push(data.toString());
          if (heard.at(-1) === 'last') resolve();
        });
        if (held !== undefined) socket.send('ready');
      })();
    });
  });
  client.on('open', () => {
    client.send('first');
    client.ping();
  });
  await once(client, 'message');
  client.send('last');
  await done;
  expect(heard).toEqual(['first', 'last']);
  client.terminate();
  server.close();
});
