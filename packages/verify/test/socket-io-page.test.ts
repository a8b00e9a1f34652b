/** A page that comes back where it may, and nowhere else: the code of docs/events.md, pasted. */
import { newId } from '@portcullis/contracts';
import { createTestIssuer, portOf } from '@portcullis/testkit';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { compileFunction } from 'node:vm';
import { Server } from 'socket.io';
import { io as connectTo } from 'socket.io-client';
import { expect, it } from 'vitest';
import { createVerifier } from '../src/index.ts';
import { protect } from '../src/socket-io/index.ts';

const PAGE = new URL('../../../docs/events.md', import.meta.url);

it('a page comes back with a renewed token, and leaves when its session is over', async () => {
  await using issuer = await createTestIssuer();
  await using verifier = await createVerifier({
    issuer: issuer.issuer,
    audience: issuer.audience,
    service: 'test',
    feed: issuer.revocations.feed(),
  });
  await verifier.ready();
  const http = createServer();
  const io = new Server(http);
  const signedIn = protect(verifier);
  const greeted: string[] = [];
  io.use(signedIn).on('connection', (socket) => greeted.push(signedIn.callerOf(socket).jti));
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');

  const [sub, sid] = [newId('usr'), newId('ses')];
  let [token, renewed] = [await issuer.mint({ sub, sid }), 0];
  const portcullis = {
    accessToken: async () => token,
    // At once, as where another call has renewed it already.
    renew: async () => {
      renewed += 1;
      token = await issuer.mint({ sub, sid, gen: 1 });
    },
  };
  const left: string[] = [];
  const names = {
    io: (url: string, options: object) => connectTo(url, { ...options, forceNew: true }),
    url: `http://127.0.0.1:${portOf(http)}`,
    portcullis,
    leave: (code: string) => left.push(code),
  };
  const [, code = ''] =
    /```js\n(const socket = io\([\s\S]*?)```/.exec(await readFile(PAGE, 'utf8')) ?? [];
  const run = compileFunction(`${code}\nreturn socket;`, Object.keys(names));
  const socket: ReturnType<typeof connectTo> = run(...Object.values(names));
  try {
    await expect.poll(() => greeted.length).toBe(1);
    issuer.revocations.revoke({ kind: 'claims_changed', key: sub, generation: 1 });
    await expect.poll(() => greeted.length).toBe(2);
    expect(renewed).toBe(1);
    await expect.poll(() => socket.connected).toBe(true);
    issuer.revocations.revoke({ kind: 'session', key: sid });
    await expect.poll(() => left).toEqual(['invalid_token']);
    expect([socket.active, greeted.length, renewed]).toEqual([false, 2, 1]);
  } finally {
    socket.disconnect();
    await io.close();
  }
});
