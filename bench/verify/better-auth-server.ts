/**
 * The same procedure, guarded by better-auth, in a process of its own: it keeps an `AsyncLocalStorage`,
 * for which Node 20 does something at every promise of the process, so that all other contenders would
 * be a fifth slower. That is more than the spread between two starts of a process.
 */
import { initTRPC } from '@trpc/server';
import { betterAuthGuard } from './better-auth.ts';
import type { ServerSettings } from './call-settings.ts';
import { guarded, ORDERS_OF, type CallContext } from './guards.ts';
import { listening } from './listening.ts';
import type { Served } from './trpc-server.ts';

const t = initTRPC.context<CallContext>().create();

export async function serveBetterAuth(settings: ServerSettings): Promise<Served> {
  const { procedure, callers, databaseUrls } = settings;
  const ordersOf = ORDERS_OF[procedure];
  const better = await betterAuthGuard(callers, databaseUrls.betterAuth, { cookieCache: false });
  const cached = await betterAuthGuard(callers, databaseUrls.betterAuthCookieCache, {
    cookieCache: true,
  });
  const server = await listening(
    t.router({ better: guarded(better, ordersOf), cached: guarded(cached, ordersOf) }),
  );
  return {
    callables: [
      server.callable('better-auth, getSession', 'better', better.callers, better.forged),
      server.callable('better-auth, cookie cache', 'cached', cached.callers, cached.forged),
    ],
    [Symbol.asyncDispose]: async () => {
      for (const each of [server, cached, better]) await each[Symbol.asyncDispose]();
    },
  };
}
