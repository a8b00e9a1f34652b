import type { Verifier } from '@portcullis/verify';
import { formatRefusal, protect, refusalMeta, type GuardedContext } from '@portcullis/verify/trpc';
import { initTRPC } from '@trpc/server';
import { createHTTPServer } from '@trpc/server/adapters/standalone';

declare const verifier: Verifier;

const t = initTRPC.context<GuardedContext>().create({ errorFormatter: formatRefusal });
const signedIn = t.procedure.use(protect(verifier));
const router = t.router({
  orders: signedIn.query(({ ctx }) => `the orders of ${ctx.token.sub}`),
});
const createContext = ({ req }: { req: GuardedContext['request'] }) => ({ request: req });
export const server = createHTTPServer({ router, createContext, responseMeta: refusalMeta });
