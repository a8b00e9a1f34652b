/**
 * Namespaces of Socket.IO behind the guard, and behind guards that leave a check out: what a handshake is refused with
 * has to be what the same request gets over HTTP.
 */
import {
  createGuard,
  openingRequest,
  type GuardOptions,
  type RequestLike,
} from '@portcullis/verify/guard';
import {
  protect,
  REFUSED,
  type SocketIoGuard,
  type SocketRefusal,
} from '@portcullis/verify/socket-io';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Server } from 'socket.io';
import { io as connectTo } from 'socket.io-client';
import { idIn, type WholeAnswer } from './ask.ts';
import { TOO_LARGE, type Behaviour, type Header } from './behaviours.ts';
import { differences, type Answers, type Difference } from './compare.ts';
import type { GuardedServer } from './guarded-server.ts';
import { trusting } from './mutants.ts';
import type { Stage } from './stage.ts';

/** Where the token of a handshake is: in its headers, or in `auth` where it came as a bearer alone. */
const WAYS = ['headers', 'auth'] as const;
type Way = (typeof WAYS)[number];

type Middleware = (...given: Parameters<SocketIoGuard<never>>) => void;
interface SocketMutant {
  name: string;
  /** Of behaviours, those whose cells tell; none else is asked. */
  rows: readonly string[];
  make(verifier: GuardedServer['verifier'], options: GuardOptions): Middleware;
}

/** A guard that is made by hand, of parts. */
const byHand =
  (
    check: (verifier: GuardedServer['verifier']) => Parameters<typeof createGuard>[0],
    seen: (request: RequestLike) => RequestLike = (request) => request,
  ) =>
  (verifier: GuardedServer['verifier'], options: GuardOptions): Middleware => {
    const guard = createGuard(check(verifier), options);
    const pass = async (...[socket, next]: Parameters<Middleware>): Promise<void> => {
      const request = seen(openingRequest(socket.request, socket.handshake.auth?.['token']));
      const { answer } = await guard.check(request);
      if (answer === undefined) return next();
      next(Object.assign(new Error(), { data: { code: answer.body.code, ...answer } }));
    };
    return (socket, next) => void pass(socket, next);
  };

const MUTANTS: readonly SocketMutant[] = [
  {
    name: 'takes tokens that do not hold',
    rows: ['expired', 'wrong audience', 'revoked', 'cookie: revoked'],
    make: byHand(trusting(['invalid_token'])),
  },
  {
    name: 'takes a handshake for what only reads',
    rows: ['cookie: no browser'],
    make: byHand(
      (verifier) => verifier,
      (request) => ({
        ...request,
        headers: { ...request.headers, upgrade: undefined },
        opensSocket: false,
      }),
    ),
  },
  {
    name: 'looks at no cookie',
    rows: ['cookie', 'cross-site cookie', 'cookie twice'],
    make: (verifier) => protect(verifier),
  },
  {
    name: 'sees the first of two headers',
    rows: ['doubled header'],
    make: byHand(
      (verifier) => verifier,
      ({ method, url, headers }) => ({ method, url, headers, opensSocket: true }),
    ),
  },
];

export interface GuardedSocketIo extends AsyncDisposable {
  /** The answers to handshakes in either way, by behaviour. */
  unlike(stage: Stage, found: Answers, rows: readonly Behaviour[]): Promise<Difference[]>;
  /** Each mutant, with the rows whose cells tell it and those that should. */
  mutants(
    stage: Stage,
    found: Answers,
    rows: readonly Behaviour[],
  ): Promise<{ name: string; told: string[]; expected: string[] }[]>;
  /** A socket that is let in. @returns what it is told when it is ended */
  open(token: string): Promise<{ ended: Promise<SocketRefusal> }>;
}

export async function startGuardedSocketIo({ verifier }: GuardedServer): Promise<GuardedSocketIo> {
  const http = createServer();
  const io = new Server(http);
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const address = http.address();
  if (address === null || typeof address === 'string') throw new Error('not listening');
  const url = `http://127.0.0.1:${address.port}`;
  const options = { cookies: {}, publicUrls: [url] };
  io.use(protect(verifier, options));
  const unlike = async (
    stage: Stage,
    found: Answers,
    rows: readonly Behaviour[],
    namespace = '/',
  ): Promise<Difference[]> => {
    const answers = await answersBy(`${url}${namespace}`, stage, rows);
    return differences(answers, { ...found, ...strictly(found) }, () => 'user');
  };
  return {
    unlike,
    async mutants(stage, found, rows) {
      const all = [];
      for (const [at, { name, rows: names, make }] of MUTANTS.entries()) {
        io.of(`/${at}`).use(make(verifier, options));
        const own = rows.filter((row) => names.includes(row.name));
        const told = new Set(
          (await unlike(stage, found, own, `/${at}`)).map((one) => one.behaviour),
        );
        all.push({ name, told: [...told].toSorted(), expected: [...names].toSorted() });
      }
      return all;
    },
    async open(token) {
      const socket = connectTo(url, { transports: ['websocket'], forceNew: true, auth: { token } });
      const ended = new Promise<SocketRefusal>((resolve) => socket.once(REFUSED, resolve));
      await new Promise<void>((resolve) => socket.once('connect', resolve));
      return { ended };
    },
    [Symbol.asyncDispose]: async () => io.close(),
  };
}

/** A GET that only reads needs no word of a browser; a handshake does. */
const strictly = (found: Answers): Answers => {
  const foreign = found['cross-site cookie'];
  return foreign === undefined ? {} : { 'cookie: no browser': foreign };
};

async function answersBy(url: string, stage: Stage, rows: readonly Behaviour[]): Promise<Answers> {
  const found: Answers = {};
  for (const { name, bring } of rows.filter((row) => row.name !== TOO_LARGE)) {
    const row: Record<string, WholeAnswer> = {};
    const to = { name, method: 'GET', url: new URL('/socket.io/', url).href };
    const sent = await bring(stage, to);
    for (const way of WAYS) {
      const given = givenBy(way, sent);
      if (given !== undefined) row[way] = await answerTo(url, given);
    }
    found[name] = row;
  }
  return found;
}

interface Handshake {
  extraHeaders?: Record<string, string | string[]>;
  auth?: { token: string };
}

/** @returns undefined where the token cannot be given in this way */
function givenBy(way: Way, sent: readonly Header[]): Handshake | undefined {
  if (way === 'auth') {
    const [header, ...more] = sent;
    const token =
      header?.[0] === 'authorization' ? /^Bearer (.*)$/.exec(header[1])?.[1] : undefined;
    return more.length > 0 || token === undefined ? undefined : { auth: { token } };
  }
  const extraHeaders: Record<string, string | string[]> = {};
  for (const [name, value] of sent) {
    const before = extraHeaders[name];
    extraHeaders[name] = before === undefined ? value : [before, value].flat();
  }
  return { extraHeaders };
}

async function answerTo(url: string, { extraHeaders, ...auth }: Handshake): Promise<WholeAnswer> {
  // Of the client's, whose types know one header of a name.
  const sent = extraHeaders as Record<string, string> | undefined;
  const socket = connectTo(url, {
    ...{ transports: ['websocket'], forceNew: true, reconnection: false },
    ...(sent !== undefined && { extraHeaders: sent }),
    ...auth,
  });
  try {
    return await new Promise((resolve, reject) => {
      socket.once('connect', () =>
        resolve({ status: 200, requestId: 'none', headers: {}, body: undefined }),
      );
      socket.once('connect_error', (error: Error & { data?: SocketRefusal }) => {
        if (error.data === undefined) return reject(error);
        const { status, headers, body, code } = error.data;
        if (code !== body.code) return reject(new Error(`${code} is not ${body.code}`));
        const { request_id: _, ...shown } = body;
        const type = { 'content-type': 'application/json' };
        const requestId = idIn(headers, JSON.stringify(body));
        resolve({ status, requestId, headers: { ...headers, ...type }, body: shown });
      });
    });
  } finally {
    socket.disconnect();
  }
}
