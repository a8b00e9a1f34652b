/** A real server and real clients of Socket.IO, tied to tokens. */
import { newId } from '@portcullis/contracts';
import { errorBody } from '@portcullis/contracts/schemas';
import { createTestIssuer, portOf, type TestIssuer } from '@portcullis/testkit';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server as HttpServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { Server, type Socket as ServerSocket } from 'socket.io';
import {
  io as connectTo,
  type ManagerOptions,
  type Socket,
  type SocketOptions,
} from 'socket.io-client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createDpopNonces, type GuardOptions } from '../src/guard/index.ts';
import { createVerifier, type Verifier } from '../src/index.ts';
import { protect, REFUSED, type SocketRefusal } from '../src/socket-io/index.ts';
import * as ofNode from '../src/node/index.ts';

type ClientOptions = Partial<ManagerOptions & SocketOptions>;

let issuer: TestIssuer;
let verifier: Verifier;
let http: HttpServer;
let io: Server;
let url: string;
const clients: Socket[] = [];

beforeEach(async () => {
  issuer = await createTestIssuer();
  verifier = await createVerifier({
    issuer: issuer.issuer,
    audience: issuer.audience,
    service: 'test',
    feed: issuer.revocations.feed(),
  });
  await verifier.ready();
  await serve({});
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.disconnect();
  await io.close();
  await verifier[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
});

/** Greets whom the guard lets in, at `/` and at `/news`. */
async function serve(
  options: GuardOptions,
  given: ConstructorParameters<typeof Server>[1] = {},
): Promise<void> {
  if (io !== undefined) await io.close();
  http = createServer();
  io = new Server(http, given);
  const signedIn = protect(verifier, options);
  for (const namespace of [io.of('/'), io.of('/news')]) {
    namespace.use(signedIn);
    namespace.on('connection', (socket) => socket.emit('hello', signedIn.callerOf(socket).sub));
  }
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  url = `http://127.0.0.1:${portOf(http)}`;
}

function connect(options: ClientOptions, namespace = ''): Socket {
  const client = connectTo(`${url}${namespace}`, {
    transports: ['websocket'],
    forceNew: true,
    reconnectionDelay: 10,
    ...options,
  });
  clients.push(client);
  return client;
}

interface Emitter {
  once(event: string, listener: (...given: unknown[]) => void): unknown;
}

async function heard(client: Emitter, event: string): Promise<unknown[]> {
  return await new Promise((resolve) => client.once(event, (...given) => resolve(given)));
}

/** `hello`, or what it was refused with. */
async function outcome(client: Socket): Promise<'hello' | SocketRefusal> {
  return await new Promise((resolve) => {
    client.once('hello', () => resolve('hello'));
    client.once('connect_error', (error: Error & { data?: SocketRefusal }) => {
      if (error.data === undefined) throw error;
      resolve(error.data);
    });
  });
}

async function open(token: string, options: ClientOptions = {}, namespace = '') {
  const client = connect({ auth: { token }, ...options }, namespace);
  const ended = ending(client);
  expect(await outcome(client)).toBe('hello');
  return { client, ended };
}

/** What it is told, and when it is disconnected. */
async function ending(client: Socket) {
  let told: SocketRefusal | undefined;
  client.on(REFUSED, (refusal: SocketRefusal) => {
    told = refusal;
  });
  const [reason] = await heard(client, 'disconnect');
  return { reason, code: told?.code, told, at: performance.now() };
}

/** What a guard over HTTP answers. */
async function answered(headers: Record<string, string>, options: GuardOptions = {}) {
  const guarded = ofNode.protect(verifier, options)((_, response) => response.end());
  const server = createServer(guarded).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const answer = await fetch(`http://127.0.0.1:${portOf(server)}`, { headers });
  const body = errorBody.parse(await answer.json());
  server.close();
  const names = ['cache-control', 'x-request-id', 'www-authenticate'];
  const given = Object.fromEntries(names.map((name) => [name, answer.headers.get(name) ?? '']));
  return unnamed({ status: answer.status, headers: given, body });
}

/** Without the id of its request, which has to be that of the body. */
function unnamed(answer: Omit<SocketRefusal, 'code'> | 'hello' | undefined) {
  if (answer === undefined || answer === 'hello') throw new Error('it was not refused');
  const { request_id, ...body } = answer.body;
  expect(request_id).toMatch(/^req_/);
  expect(answer.headers).toMatchObject({ 'x-request-id': request_id });
  return { ...answer, headers: { ...answer.headers, 'x-request-id': '' }, body };
}

describe.each(['websocket', 'polling'])('a socket of Socket.IO, by %s', (transport) => {
  const transports = [transport];

  it('is ended by a revocation within 50 ms, and does not come back; others stay', async () => {
    const other = await open(await issuer.mint(), { transports });
    const took: number[] = [];
    for (let i = 0; i < 11; i += 1) {
      const sid = newId('ses');
      const token = await issuer.mint({ sid });
      const { client, ended } = await open(token, { transports });
      const at = performance.now();
      issuer.revocations.revoke({ kind: 'session', key: sid });
      const end = await ended;
      expect(end).toMatchObject({ reason: 'io server disconnect', code: 'invalid_token' });
      const expected = await answered({ authorization: `Bearer ${token}` });
      expect(unnamed(end.told)).toEqual({ code: 'invalid_token', ...expected });
      took.push(end.at - at);
      // Not by itself, and not when it asks.
      expect(client.active).toBe(false);
      client.connect();
      expect(unnamed(await outcome(client))).toEqual({ code: 'invalid_token', ...expected });
    }
    // The median: a busy machine may take the processor away in between.
    const [median = 0] = took.toSorted((a, b) => a - b).slice(5);
    console.log(`revocation → ${transport} disconnected at its client: ${median.toFixed(1)} ms`);
    expect(median).toBeLessThan(50);
    expect(other.client.connected).toBe(true);
    expect(verifier.stats().watched).toBe(1);
  });

  it('is never greeted with a token that is not there or does not hold, and told as over HTTP', async () => {
    const good = await issuer.mint();
    for (const token of ['nonsense', `${good}x`, '', `Bearer ${good}`, 'A'.repeat(20_000)]) {
      const refused = await outcome(connect({ transports, auth: { token } }));
      const expected = await answered({ authorization: `Bearer ${token.slice(0, 5_000)}` });
      expect(unnamed(refused)).toEqual({ code: 'invalid_token', ...expected });
    }
    for (const auth of [undefined, {}, { token: null }, { token: undefined }]) {
      const refused = await outcome(connect({ transports, ...(auth !== undefined && { auth }) }));
      expect(unnamed(refused)).toEqual({ code: 'invalid_token', ...(await answered({})) });
    }
    for (const token of [7, true, [good], { token: good }]) {
      const refused = await outcome(connect({ transports, auth: { token } }));
      expect(refused).toMatchObject({ code: 'invalid_token', status: 401 });
    }
    expect(verifier.stats().watched).toBe(0);
  });

  it('brings its token in the header as well, and only one', async () => {
    const authorization = `Bearer ${await issuer.mint()}`;
    const extraHeaders = { authorization };
    expect(await outcome(connect({ transports, extraHeaders }))).toBe('hello');
    const auth = { token: await issuer.mint() };
    const both = await outcome(connect({ transports, extraHeaders, auth }));
    expect(both).toMatchObject({ code: 'invalid_token', status: 401 });
    // What is in the query is in logs.
    const query = { token: await issuer.mint(), access_token: await issuer.mint() };
    expect(await outcome(connect({ transports, query }))).toMatchObject({ code: 'invalid_token' });
  });

  it('is let in by a cookie of a page of one’s own alone', async () => {
    await serve({ cookies: { origins: ['https://app.example'] } });
    const cookie = `__Host-portcullis-access=${await issuer.mint()}`;
    const rows: [Record<string, string>, string][] = [
      [{ origin: 'https://app.example' }, 'hello'],
      [{ 'sec-fetch-site': 'same-origin' }, 'hello'],
      [{ origin: 'https://evil.example' }, 'cross_site'],
      [{ 'sec-fetch-site': 'cross-site' }, 'cross_site'],
      [{ 'sec-fetch-site': 'same-site' }, 'cross_site'],
      // A GET that only reads would be let in: what comes over a socket may change anything.
      [{}, 'cross_site'],
    ];
    for (const [headers, expected] of rows) {
      const extraHeaders = { cookie, ...headers };
      const found = await outcome(connect({ transports, extraHeaders }));
      expect([headers, found === 'hello' ? found : found.code]).toEqual([headers, expected]);
    }
    // Beside a token in `auth` the cookie has to be the same.
    const extraHeaders = { cookie, origin: 'https://app.example' };
    const auth = { token: await issuer.mint() };
    const differing = await outcome(connect({ transports, extraHeaders, auth }));
    expect(differing).toMatchObject({ code: 'invalid_token' });
  });
});

describe('a socket of Socket.IO', () => {
  it('is told to come back when claims have changed, at expiry, and when the verifier ends', async () => {
    const sub = newId('usr');
    const changed = await open(await issuer.mint({ sub }));
    issuer.revocations.revoke({ kind: 'claims_changed', key: sub, generation: 1 });
    expect(await changed.ended).toMatchObject({ code: 'token_stale' });
    const exp = Math.floor(Date.now() / 1_000) + 2;
    const expiring = await open(await issuer.mint({ exp }));
    expect(await expiring.ended).toMatchObject({ code: 'token_stale', told: { status: 401 } });
    expect(Date.now() / 1_000).toBeGreaterThan(exp - 0.5);
    const stale = await open(await issuer.mint());
    await verifier[Symbol.asyncDispose]();
    expect(await stale.ended).toMatchObject({
      code: 'verifier_stale',
      told: { status: 503, headers: { 'retry-after': '1' } },
    });
  });

  it('is refused what its guard requires', async () => {
    await serve({ require: { role: 'admin' } });
    const refused = await outcome(connect({ auth: { token: await issuer.mint() } }));
    expect(refused).toMatchObject({ code: 'insufficient_scope', status: 403 });
    expect(verifier.stats().watched).toBe(0);
    await open(await issuer.mint({ roles: ['admin'] }));
  });

  it('is ended in each namespace, and nothing is delivered or sent afterwards', async () => {
    const sid = newId('ses');
    const token = await issuer.mint({ sid });
    const { client, ended } = await open(token, { forceNew: false });
    const news = await open(token, { forceNew: false }, '/news');
    const delivered: string[] = [];
    client.on('late', () => delivered.push('late'));
    const [served] = io.of('/').sockets.values();
    served!.on('order', () => delivered.push('order'));
    client.emit('order');
    await expect.poll(() => delivered).toEqual(['order']);
    // On its way while the token ends.
    client.emit('order');
    issuer.revocations.revoke({ kind: 'session', key: sid });
    expect(served!.connected).toBe(false);
    io.emit('late');
    await Promise.resolve();
    served!.emit('late');
    expect(await ended).toMatchObject({ code: 'invalid_token' });
    expect(await news.ended).toMatchObject({ code: 'invalid_token' });
    await delay(50);
    expect(delivered).toEqual(['order']);
    await expect.poll(() => io.engine.clientsCount).toBe(0);
    expect(verifier.stats().watched).toBe(0);
  });

  it('is ended though a listener throws', async () => {
    const sid = newId('ses');
    const { client } = await open(await issuer.mint({ sid }));
    const [served] = io.of('/').sockets.values();
    served!.onAnyOutgoing(() => {
      throw new Error('of a listener');
    });
    const thrown: unknown[] = [];
    const catching = (error: unknown): unknown => thrown.push(error);
    const others = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException').on('uncaughtException', catching);
    try {
      issuer.revocations.revoke({ kind: 'session', key: sid });
      await heard(client, 'disconnect');
      await expect.poll(() => thrown.length).toBe(1);
    } finally {
      process.removeAllListeners('uncaughtException');
      for (const other of others) process.on('uncaughtException', other);
    }
    await expect.poll(() => served!.connected).toBe(false);
  });

  it('never connects when its token ends while a later middleware waits', async () => {
    const sid = newId('ses');
    const connected: ServerSocket[] = [];
    let proceed = (): void => undefined;
    const waiting = new Promise<void>((resolve) => {
      io.use((_, next) => {
        proceed = next;
        resolve();
      });
    });
    io.on('connection', (socket) => connected.push(socket));
    const client = connect({ auth: { token: await issuer.mint({ sid }) } });
    const refused = outcome(client);
    await waiting;
    issuer.revocations.revoke({ kind: 'session', key: sid });
    proceed();
    // It asks again by itself, as after any connection that broke.
    expect(await refused).toMatchObject({ code: 'invalid_token' });
    expect(connected).toEqual([]);
    expect(verifier.stats().watched).toBe(0);
  });

  it('is not missed by a revocation at any step of its opening', async () => {
    for (let steps = 0; steps < 40; steps += 1) {
      const sid = newId('ses');
      const client = connect({ auth: { token: await issuer.mint({ sid }) }, reconnection: false });
      const served = once(io, 'connection').then(async ([socket]: ServerSocket[]) => {
        if (socket!.connected) await once(socket!, 'disconnect');
        return 'ended';
      });
      const ended = Promise.race([
        served,
        heard(client, 'connect_error').then(() => 'refused'),
        heard(client, 'disconnect').then(() => 'ended'),
        heard(client.io, 'close').then(() => 'closed'),
      ]);
      await once(io.engine, 'connection');
      for (let n = 0; n < steps; n += 1) await (n % 4 === 3 ? delay(0) : Promise.resolve());
      issuer.revocations.revoke({ kind: 'session', key: sid });
      expect(['ended', 'refused', 'closed']).toContain(await ended);
      client.disconnect();
    }
    await expect.poll(() => verifier.stats().watched).toBe(0);
  });

  it('is refused or closed by a revocation between two steps of its check', async () => {
    const signedIn = protect(verifier);
    for (let steps = 0; steps < 16; steps += 1) {
      const sid = newId('ses');
      const ends: string[] = [];
      const conn = {
        readyState: 'open',
        close: () => void ends.push('closed'),
        once: () => undefined,
      };
      const socket = {
        conn,
        connected: false,
        nsp: { server: { _opts: {} } },
        once: () => undefined,
        emit: () => undefined,
        disconnect: () => undefined,
        handshake: { auth: { token: await issuer.mint({ sid }) } },
        request: { headers: {}, rawHeaders: [] },
      };
      const asked = new Promise<void>((resolve) => {
        signedIn(socket, (error) => {
          if (error !== undefined) ends.push(error.message);
          resolve();
        });
      });
      for (let n = 0; n < steps; n += 1) await Promise.resolve();
      issuer.revocations.revoke({ kind: 'session', key: sid });
      await asked;
      await delay(0);
      expect([steps, ends.length]).toEqual([steps, 1]);
    }
    expect(verifier.stats().watched).toBe(0);
  });

  it('leaves no watcher behind, whichever side ends it, and whoever refuses it', async () => {
    const token = await issuer.mint();
    const { client } = await open(token);
    expect(verifier.stats().watched).toBe(1);
    client.disconnect();
    await expect.poll(() => verifier.stats().watched).toBe(0);
    await open(token);
    io.disconnectSockets();
    await expect.poll(() => verifier.stats().watched).toBe(0);
    io.use((_, next) => next(new Error('of a later one')));
    const refused = connect({ auth: { token } });
    await heard(refused, 'connect_error');
    refused.io.engine.close();
    await expect.poll(() => verifier.stats().watched).toBe(0);
  });

  it('leaves other namespaces of its connection to come back, with a token that holds', async () => {
    const sid = newId('ses');
    const auth = { token: await issuer.mint({ sid }) };
    const { client, ended } = await open(auth.token, { forceNew: false });
    const other = await open(await issuer.mint(), { forceNew: false }, '/news');
    const again = heard(other.client, 'hello');
    issuer.revocations.revoke({ kind: 'session', key: sid });
    expect(await ended).toMatchObject({ reason: 'io server disconnect', code: 'invalid_token' });
    expect(await other.ended).toMatchObject({ reason: 'transport close', code: undefined });
    await again;
    expect([client.active, other.client.connected]).toEqual([false, true]);
    expect(verifier.stats().watched).toBe(1);
  });

  it('cannot have its connection hold watchers without end', async () => {
    io.use((_, next) => next(new Error('of a later one')));
    const auth = { token: await issuer.mint() };
    // Keeps the connection open.
    await open(auth.token, { forceNew: false }, '/news');
    const client = connect({ auth, forceNew: false });
    const codes: (string | undefined)[] = [];
    for (let i = 0; i < 120; i += 1) {
      const [error] = await heard(client, 'connect_error');
      codes.push(Reflect.get(Object(error), 'data')?.code);
      client.connect();
    }
    expect(new Set(codes)).toEqual(new Set([undefined, 'rate_limited']));
    expect(codes.slice(98)).toEqual([undefined, ...Array<string>(21).fill('rate_limited')]);
    expect(verifier.stats().watched).toBe(100);
    client.io.engine.close();
    client.disconnect();
    await expect.poll(() => verifier.stats().watched).toBeLessThanOrEqual(1);
  });

  it('is refused where the server would send what was missed before its token is looked at', async () => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    await serve({}, { connectionStateRecovery: { skipMiddlewares: false } });
    const refused = await outcome(connect({ auth: { token: await issuer.mint() } }));
    expect(refused).toMatchObject({ code: 'internal', status: 500 });
    expect(logged).toHaveBeenCalledWith(
      expect.objectContaining({ message: expect.stringContaining('connectionStateRecovery') }),
    );
    logged.mockRestore();
  });

  it('is refused as one without a token where what came as `auth` is null, by a parser of before 4.2.3', async () => {
    const namespace = io.of('/null');
    namespace.use((socket, next) => {
      Object.assign(socket.handshake, { auth: null });
      next();
    });
    namespace.use(protect(verifier));
    expect(await outcome(connect({}, '/null'))).toMatchObject({ code: 'invalid_token' });
  });

  it('is refused with 500 and not a word by a check that fails', async () => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const broken = async () => Promise.reject(new Error('the text of a defect'));
    io.of('/broken').use(protect({ verifyMaybeSync: broken, watch: broken }));
    const refused = await outcome(connect({ auth: { token: await issuer.mint() } }, '/broken'));
    expect(refused).toMatchObject({ code: 'internal', status: 500 });
    expect(JSON.stringify(refused)).not.toContain('defect');
    logged.mockRestore();
  });

  it('has no guard that demands nonces or watches nothing, and a caller only where it was let in', async () => {
    const nonces = createDpopNonces(randomBytes(32));
    expect(() => protect(verifier, { nonces })).toThrow(/nonces has to be left out/);
    const blind = { verifyMaybeSync: verifier.verifyMaybeSync };
    expect(() => protect(blind)).toThrow(/its verifier has to be one that watches/);
    const other = protect(verifier);
    await open(await issuer.mint());
    const [served] = io.of('/').sockets.values();
    expect(() => other.callerOf(served!)).toThrow(/not let in by this guard/);
  });
});
