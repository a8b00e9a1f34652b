/** A namespace of Socket.IO, whose events have types of their own, behind its guard, and a client of the same version. */
import { isUserClaims } from '@portcullis/contracts';
import { portOf, type TestIssuer } from '@portcullis/testkit';
import type { Verifier } from '@portcullis/verify';
import { protect, REFUSED, type SocketRefusal } from '@portcullis/verify/socket-io';
import { deepEqual, equal, ok } from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Server } from 'socket.io';
import { io as connectTo } from 'socket.io-client';

interface FromClient {
  order(item: string): void;
}
interface ToClient {
  taken(item: string, by: string): void;
}

export async function trySocketIo(verifier: Verifier, issuer: TestIssuer): Promise<void> {
  const http = createServer();
  const io = new Server<FromClient, ToClient>(http);
  const signedIn = protect(verifier);
  io.use(signedIn).on('connection', (socket) => {
    socket.on('order', (item) => socket.emit('taken', item, signedIn.callerOf(socket).sub));
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const url = `http://127.0.0.1:${portOf(http)}`;
  const open = (token?: string) =>
    connectTo(url, { forceNew: true, ...(token !== undefined && { auth: { token } }) });
  const refused = async (token?: string): Promise<SocketRefusal | undefined> => {
    const socket = open(token);
    const error = await new Promise<Error & { data?: SocketRefusal }>((resolve) =>
      socket.once('connect_error', resolve),
    );
    socket.disconnect();
    return error.data;
  };
  for (const token of [undefined, 'a.b.c']) {
    const { code, status } = (await refused(token)) ?? {};
    deepEqual([code, status], ['invalid_token', 401]);
  }
  const token = await issuer.mint();
  const claims = await verifier.verify(token);
  ok(isUserClaims(claims));
  const socket = open(token);
  const taken = new Promise<unknown[]>((resolve) =>
    socket.once('taken', (...given: unknown[]) => resolve(given)),
  );
  socket.emit('order', 'tea');
  deepEqual(await taken, ['tea', claims.sub]);
  const told = new Promise<SocketRefusal>((resolve) => socket.once(REFUSED, resolve));
  const left = new Promise((resolve) => socket.once('disconnect', resolve));
  issuer.revocations.revoke({ kind: 'session', key: claims.sid });
  deepEqual([(await told).code, await left], ['invalid_token', 'io server disconnect']);
  equal((await refused(token))?.code, 'invalid_token');
  socket.disconnect();
  await new Promise((resolve) => void io.close(resolve));
}
