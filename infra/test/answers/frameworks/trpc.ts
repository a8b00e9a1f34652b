/** A router of one's own, whose procedure has the name of one of the user service. */
import type { Verifier } from '@portcullis/verify';
import {
  formatRefusal,
  protect,
  refusalMetaWith,
  type GuardedContext,
} from '@portcullis/verify/trpc';
import { initTRPC } from '@trpc/server';
import { createHTTPHandler } from '@trpc/server/adapters/standalone';
import { createServer } from 'node:http';
import { listen } from './listen.ts';

export async function startTrpc(verifier: Verifier, port: number): Promise<() => Promise<void>> {
  const policy = { cookies: {}, publicUrls: [`http://127.0.0.1:${port}`] };
  const t = initTRPC.context<GuardedContext>().create({ errorFormatter: formatRefusal });
  const signedIn = t.procedure.use(protect(verifier, policy));
  const fail = (): never => {
    throw new Error('the text of a defect');
  };
  const router = t.router({
    me: t.router({
      get: signedIn.query(({ ctx }) => ctx.token.sub),
      fail: signedIn.query(fail),
    }),
  });
  const handler = createHTTPHandler({
    router,
    createContext: ({ req }) => ({ request: req }),
    responseMeta: refusalMetaWith(policy),
  });
  return await listen(createServer(handler), port);
}
