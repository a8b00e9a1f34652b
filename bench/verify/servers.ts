/**
 * tRPC servers as people build them: the library's own with a procedure that is open, or guarded in one
 * way, and the whole stack of this repository's services.
 */
import { createUserRouter, type Profile } from '@portcullis/api';
import { userClaims } from '@portcullis/contracts';
import {
  createHttpServer,
  createLogger,
  createRegistry,
  Verification,
  type HttpServerOptions,
} from '@portcullis/service';
import { createTestIssuer, type TestIssuer } from '@portcullis/testkit';
import { protect } from '@portcullis/verify/trpc';
import { initTRPC, type AnyTRPCRouter } from '@trpc/server';
import { createHTTPServer } from '@trpc/server/adapters/standalone';
import { decodeJwt } from 'jose';
import type { AddressInfo } from 'node:net';
import { betterAuthGuard } from './better-auth.ts';
import type { Call, Callable, ServerSettings } from './call-settings.ts';
import {
  bearer,
  guardedRouter,
  openRouter,
  ordersOf,
  postgresGuard,
  redisGuard,
  type CallContext,
  type Caller,
  type Guard,
} from './guards.ts';
import { createVerifyingStage } from './verifying-stage.ts';

export interface Served extends AsyncDisposable {
  readonly callable: Callable;
}

const ALG = 'ES256';

export async function serve(settings: ServerSettings): Promise<Served> {
  switch (settings.guard) {
    case 'open':
      return await serveOpen(settings);
    case 'portcullis':
      return await servePortcullis(settings);
    case 'redis':
      return await serveGuarded(await redisGuard(settings));
    case 'postgres':
      return await serveGuarded(await postgresGuard(settings));
    case 'better-auth':
      return await serveGuarded(await betterAuthGuard(settings, { cookieCache: false }));
    case 'better-auth-cookie-cache':
      return await serveGuarded(await betterAuthGuard(settings, { cookieCache: true }));
    case 'service-open':
      return await serveServiceOpen(settings);
    case 'service-portcullis':
      return await serveService(settings);
  }
}

/** Tokens come along, and nobody looks at them: the very bytes that the guarded one gets. */
async function serveOpen({ callers }: ServerSettings): Promise<Served> {
  await using issuer = await createTestIssuer();
  const [first] = await callersOf(issuer, callers);
  const subject = first?.subject ?? '';
  const calls = (await callersOf(issuer, callers)).map(({ headers }) => orders(headers, subject));
  return await listen(openRouter(subject), { calls, forged: null }, async () => {});
}

async function servePortcullis({ revoked, callers }: ServerSettings): Promise<Served> {
  const stage = await createVerifyingStage({ alg: ALG, revoked });
  const t = initTRPC.context<CallContext>().create();
  const router = t.router({
    mine: t.procedure.use(protect(stage.verifier)).query(({ ctx }) => ordersOf(ctx.token.sub)),
  });
  const people = await callersOf(stage.issuer, callers);
  const calls = people.map(({ headers, subject }) => orders(headers, subject));
  const forged = await forgedBy(stage.issuer);
  return await listen(router, { calls, forged }, async () => stage[Symbol.asyncDispose]());
}

async function serveGuarded(guard: Guard): Promise<Served> {
  const calls = guard.callers.map(({ headers, subject }) => orders(headers, subject));
  const { forged } = guard;
  return await listen(guardedRouter(guard), { calls, forged }, async () =>
    guard[Symbol.asyncDispose](),
  );
}

async function serveServiceOpen({ callers }: ServerSettings): Promise<Served> {
  await using issuer = await createTestIssuer();
  const [first] = await callersOf(issuer, 1);
  const claims = userClaims.parse(decodeJwt(first?.headers['authorization'] ?? ''));
  const people = await callersOf(issuer, callers);
  const calls = people.map(({ headers }) => ({ headers, body: profileBody(claims.sub) }));
  const options = { authenticate: async () => claims };
  return await listenAsService(options, { calls, forged: null }, async () => {});
}

async function serveService({ revoked, callers }: ServerSettings): Promise<Served> {
  const verification = new Verification(createRegistry('bench'), []);
  const start: typeof verification.start = (options) => verification.start(options);
  const stage = await createVerifyingStage({ alg: ALG, revoked, start });
  const people = await callersOf(stage.issuer, callers);
  const calls = people.map(({ headers, subject }) => ({ headers, body: profileBody(subject) }));
  const { authenticate } = verification;
  const forged = await forgedBy(stage.issuer);
  return await listenAsService({ authenticate }, { calls, forged }, async () =>
    stage[Symbol.asyncDispose](),
  );
}

type Callers = Pick<Callable, 'calls' | 'forged'>;

async function listen(
  router: AnyTRPCRouter,
  callers: Callers,
  end: () => Promise<void>,
): Promise<Served> {
  const server = createHTTPServer({
    router,
    createContext: ({ req }): CallContext => ({
      authorization: req.headers.authorization,
      headers: req.headers,
    }),
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    callable: { port: portOf(server.address()), path: '/mine', ...callers },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await end();
    },
  };
}

/** As the user service is made, its database apart. */
async function listenAsService(
  options: Pick<HttpServerOptions, 'authenticate'>,
  callers: Callers,
  end: () => Promise<void>,
): Promise<Served> {
  const server = await createHttpServer({
    title: 'bench',
    version: '0.0.0',
    production: true,
    logger: createLogger({ service: 'bench', level: 'warn' }),
    registry: createRegistry('bench'),
    router: createUserRouter({
      getMe: async ({ caller }) => profileOf(caller.sub),
      updateMe: async ({ caller }) => profileOf(caller.sub),
      events: async function* none() {},
    }),
    readiness: {},
    trustedProxies: [],
    ...options,
  });
  const address = await server.listen({ host: '127.0.0.1', port: 0 });
  return {
    callable: { port: Number(new URL(address).port), path: '/trpc/me.get', ...callers },
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await end();
    },
  };
}

async function callersOf(issuer: TestIssuer, count: number): Promise<Caller[]> {
  const tokens = await Promise.all(Array.from({ length: count }, () => issuer.mint()));
  return tokens.map((token) => ({ subject: decodeJwt(token).sub ?? '', headers: bearer(token) }));
}

/** A token with the signature of another. */
async function forgedBy(issuer: TestIssuer): Promise<Readonly<Record<string, string>>> {
  const [good, other] = [await issuer.mint(), await issuer.mint()];
  return bearer(`${good.slice(0, good.lastIndexOf('.'))}${other.slice(other.lastIndexOf('.'))}`);
}

function orders(headers: Caller['headers'], subject: string): Call {
  return { headers, body: bodyOf(ordersOf(subject)) };
}

function profileBody(subject: string): string {
  return bodyOf(profileOf(userClaims.shape.sub.parse(subject)));
}

function profileOf(id: Profile['id']): Profile {
  const at = '2026-01-01T00:00:00.000Z';
  return { id, email: 'ada@example.test', name: 'Ada', created_at: at, updated_at: at };
}

function bodyOf(data: unknown): string {
  return JSON.stringify({ result: { data } });
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('it listens on no port');
  return address.port;
}
