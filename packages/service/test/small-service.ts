/** A small real router behind the real server, for the tests of the edge. */
import { connect } from 'node:net';
import { Writable } from 'node:stream';
import { userProcedure, publicProcedure, router } from '@portcullis/api';
import { newId, Refusal } from '@portcullis/contracts';
import { userClaims, userId } from '@portcullis/contracts/schemas';
import { z } from 'zod';
import {
  createHttpServer,
  createLogger,
  createRegistry,
  createServiceGuard,
  type HttpServerOptions,
} from '../src/index.ts';

export const GOOD_TOKEN = 'good.token.here';

export const caller = userClaims.parse({
  iss: 'https://issuer.test',
  aud: 'urn:test',
  sub: newId('usr'),
  sid: newId('ses'),
  exp: 2_000_000_000,
  iat: 1_999_999_400,
  jti: newId('tok'),
  client_id: 'cli_first-party',
  gen: 0,
  cgen: 0,
  igen: 0,
  roles: [],
  auth_time: 1_999_999_400,
  amr: ['pwd'],
});

/** Resolves what `slow` waits for. */
export class Gate {
  open: () => void = () => undefined;
  entered = 0;
  readonly #opened = new Promise<void>((resolve) => {
    this.open = resolve;
  });

  pass(): Promise<void> {
    this.entered += 1;
    return this.#opened;
  }
}

const typedInput = z.strictObject({
  count: z.int().min(0).max(10).optional(),
  keep: z.boolean().optional(),
  text: z.string().max(100).optional(),
  when: z.enum(['now', 'later']).optional(),
  wait: z.int().min(0).max(10_000).default(250),
});
const echoed = z.object({ input: z.record(z.string(), z.unknown()) });

export function smallRouter(gate: Gate) {
  const route = { tag: 'Test', summary: 'A route of the test' } as const;
  return router({
    things: router({
      list: userProcedure
        .meta({ route: { ...route, method: 'GET', path: '/v1/things' } })
        .input(typedInput)
        .output(echoed)
        .query(({ input }) => ({ input })),
      create: publicProcedure
        .meta({
          route: {
            ...route,
            method: 'POST',
            path: '/v1/things',
            status: 201,
            query: ['wait'],
            public: true,
          },
        })
        .input(typedInput)
        .output(echoed)
        .mutation(({ input }) => ({ input })),
      change: publicProcedure
        .meta({ route: { ...route, method: 'PATCH', path: '/v1/things/{id}', public: true } })
        .input(z.strictObject({ id: userId, text: z.string().nullable() }))
        .output(echoed)
        .mutation(({ input }) => ({ input })),
      remove: publicProcedure
        .meta({ route: { ...route, method: 'DELETE', path: '/v1/things/{id}', public: true } })
        .input(z.strictObject({ id: z.string(), keep: z.boolean().default(false) }))
        .output(echoed)
        .mutation(({ input }) => ({ input })),
    }),
    me: userProcedure
      .meta({ route: { ...route, method: 'GET', path: '/v1/me' } })
      .output(z.object({ id: z.string(), request_id: z.string() }))
      .query(({ ctx }) => ({ id: ctx.caller.sub, request_id: ctx.request.requestId })),
    login: publicProcedure
      .meta({
        route: {
          ...route,
          method: 'POST',
          path: '/v1/login',
          form: { username: 'email' },
          public: true,
        },
      })
      .input(z.strictObject({ email: z.string().min(1), password: z.string().min(1) }))
      .output(echoed)
      .mutation(({ input }) => ({ input })),
    fail: publicProcedure
      .meta({ route: { ...route, method: 'POST', path: '/v1/fail', public: true } })
      .input(z.strictObject({ how: z.enum(['database', 'defect', 'limited', 'scope', 'stale']) }))
      .output(echoed)
      .mutation(({ input }) => {
        switch (input.how) {
          case 'database':
            throw Object.assign(new Error('private: connect'), { code: 'ECONNREFUSED' });
          case 'limited':
            throw new Refusal('rate_limited', { retryAfter: 7 });
          case 'scope':
            throw new Refusal('insufficient_scope');
          case 'stale':
            throw new Refusal('token_stale');
          default:
            throw new Error('private: defect');
        }
      }),
    slow: publicProcedure
      .meta({ route: { ...route, method: 'GET', path: '/v1/slow', public: true } })
      .output(z.object({ done: z.literal(true) }))
      .query(async () => {
        await gate.pass();
        return { done: true as const };
      }),
  });
}

export async function startSmallService(changes: Partial<HttpServerOptions> = {}) {
  const gate = new Gate();
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  const server = await createHttpServer({
    title: 'Small service',
    version: '1.2.3',
    production: true,
    logger: createLogger({ service: 'small', level: 'debug', destination }),
    registry: createRegistry('small'),
    router: smallRouter(gate),
    guard: createServiceGuard(
      {
        verifyMaybeSync: (token) => {
          if (token !== GOOD_TOKEN) throw new Refusal('invalid_token');
          return caller;
        },
      },
      { publicUrls: ['http://127.0.0.1'], ...changes },
    ),
    readiness: {},
    trustedProxies: [],
    ...changes,
  });
  const origin = await server.listen({ host: '127.0.0.1', port: 0 });
  const log = () => lines.join('');
  return { server, origin, gate, log, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

/** Sends bytes as they are, and reads until the server closes or an answer is complete. */
export function sendRaw(origin: string, bytes: string | Buffer): Promise<string> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let text = '';
    const timer = setTimeout(() => socket.destroy(), 1_500);
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      const [head, body = ''] = text.split('\r\n\r\n', 2);
      const length = /content-length: (\d+)/i.exec(head ?? '')?.[1];
      if (length !== undefined && body.length >= Number(length)) socket.end();
    });
    socket.on('error', (error) => (text === '' ? reject(error) : resolve(text)));
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(text);
    });
    socket.write(bytes);
  });
}
