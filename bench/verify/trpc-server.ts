/**
 * One tRPC server, the library's own, with the same procedure several times: open, and guarded in each
 * of several ways. One process, one router, one HTTP server: what HTTP, tRPC, the compiler and the
 * collector take is the same for all of them, and only the guard is not.
 */
import { protect } from '@portcullis/verify/trpc';
import { initTRPC } from '@trpc/server';
import { createHTTPServer } from '@trpc/server/adapters/standalone';
import type { AddressInfo } from 'node:net';
import { betterAuthGuard } from './better-auth.ts';
import type { Call, Callable, ServerSettings } from './call-settings.ts';
import {
  guarded,
  ordersOf,
  postgresGuard,
  redisGuard,
  type CallContext,
  type Caller,
  type Guard,
} from './guards.ts';
import { callersOf, forgedBy } from './token-callers.ts';
import { createVerifyingStage } from './verifying-stage.ts';

export interface Served extends AsyncDisposable {
  readonly callables: readonly Callable[];
}

const t = initTRPC.context<CallContext>().create();

/** @returns those that are called; ours first, then what it is to be compared with most of all */
export async function serveProcedures(settings: ServerSettings): Promise<Served> {
  const { revoked, callers: count, databaseUrls } = settings;
  const stage = await createVerifyingStage({ alg: 'ES256', revoked });
  const people = await callersOf(stage.issuer, count);
  const somebody = people[0]?.subject ?? '';
  const redis = await redisGuard(settings);
  const rows = await postgresGuard(count, databaseUrls.sessions);
  const better = await betterAuthGuard(count, databaseUrls.betterAuth, { cookieCache: false });
  const cached = await betterAuthGuard(count, databaseUrls.betterAuthCookieCache, {
    cookieCache: true,
  });
  const open = t.procedure.query(() => ordersOf(somebody));
  const router = t.router({
    portcullis: t.procedure
      .use(protect(stage.verifier))
      .query(({ ctx }) => ordersOf(ctx.token.sub)),
    open,
    openAgain: t.procedure.query(() => ordersOf(somebody)),
    redis: guarded(redis),
    rows: guarded(rows),
    better: guarded(better),
    cached: guarded(cached),
  });
  const server = createHTTPServer({
    router,
    createContext: ({ req }): CallContext => ({
      authorization: req.headers.authorization,
      headers: req.headers,
    }),
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const port = portOf(server.address());
  const forged = await forgedBy(stage.issuer);
  const withToken = people.map(({ headers }) => ({ headers, subject: somebody }));
  const callable = (
    name: string,
    path: keyof typeof router,
    callers: readonly Caller[],
    refused: Callable['forged'],
  ): Callable => ({ name, port, path: `/${path}`, calls: callers.map(orders), forged: refused });
  const guardedBy = (name: string, path: keyof typeof router, guard: Guard): Callable =>
    callable(name, path, guard.callers, guard.forged);
  return {
    callables: [
      callable('portcullis', 'portcullis', people, forged),
      callable('open, the same request', 'open', withToken, null),
      callable('open once more', 'openAgain', withToken, null),
      callable('open, without a token', 'open', [{ headers: {}, subject: somebody }], null),
      guardedBy('Redis, EXISTS', 'redis', redis),
      guardedBy('Postgres, a session row', 'rows', rows),
      guardedBy('better-auth, getSession', 'better', better),
      guardedBy('better-auth, cookie cache', 'cached', cached),
    ],
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      for (const each of [cached, better, rows, redis, stage]) await each[Symbol.asyncDispose]();
    },
  };
}

function orders({ headers, subject }: Caller): Call {
  return { headers, body: JSON.stringify({ result: { data: ordersOf(subject) } }) };
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('it listens on no port');
  return address.port;
}
