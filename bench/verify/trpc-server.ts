/**
 * One tRPC server, the library's own, with the same procedure several times: open, and guarded in each
 * of several ways. One process, one router, one HTTP server: what HTTP, tRPC, the compiler and the
 * collector take is the same for all of them, and only the guard is not.
 */
import { protect } from '@portcullis/verify/trpc';
import { initTRPC } from '@trpc/server';
import type { Callable, ServerSettings } from './call-settings.ts';
import { guarded, ORDERS_OF, postgresGuard, redisGuard, type CallContext } from './guards.ts';
import { listening } from './listening.ts';
import { callersOf, forgedBy } from './token-callers.ts';
import { createVerifyingStage } from './verifying-stage.ts';

export interface Served extends AsyncDisposable {
  readonly callables: readonly Callable[];
}

const t = initTRPC.context<CallContext>().create();

/** @returns those that are called; ours first, then what it is to be compared with most of all */
export async function serveProcedures(settings: ServerSettings): Promise<Served> {
  const { procedure, revoked, callers: count, databaseUrls } = settings;
  const ordersOf = ORDERS_OF[procedure];
  const stage = await createVerifyingStage({ alg: 'ES256', revoked });
  const users = await callersOf(stage.issuer, count);
  const owner = users[0]?.subject ?? '';
  const redis = await redisGuard(settings);
  const rows = await postgresGuard(count, databaseUrls.sessions);
  const server = await listening(
    t.router({
      portcullis: t.procedure
        .use(protect(stage.verifier))
        .query(({ ctx }) => ordersOf(ctx.token.sub)),
      open: t.procedure.query(() => ordersOf(owner)),
      throughMiddleware: t.procedure
        .use(({ next }) => next({ ctx: { subject: owner } }))
        .query(({ ctx }) => ordersOf(ctx.subject)),
      openAgain: t.procedure.query(() => ordersOf(owner)),
      redis: guarded(redis, ordersOf),
      rows: guarded(rows, ordersOf),
    }),
  );
  const { callable } = server;
  const forged = await forgedBy(stage.issuer);
  const withToken = users.map(({ headers }) => ({ headers, subject: owner }));
  return {
    callables: [
      callable('portcullis', 'portcullis', users, forged),
      callable('open, the same request', 'open', withToken, null),
      callable('open once more', 'openAgain', withToken, null),
      callable('open, a middleware without a check', 'throughMiddleware', withToken, null),
      callable('open, without a token', 'open', [{ headers: {}, subject: owner }], null),
      callable('Redis, EXISTS', 'redis', redis.callers, redis.forged),
      callable('Postgres, a session row', 'rows', rows.callers, rows.forged),
    ],
    [Symbol.asyncDispose]: async () => {
      for (const each of [server, rows, redis, stage]) await each[Symbol.asyncDispose]();
    },
  };
}
