import { formatRefusal, protect, refusalMeta, type GuardedContext } from '@portcullis/verify/trpc';
import { initTRPC } from '@trpc/server';
import { createHTTPServer, type CreateHTTPContextOptions } from '@trpc/server/adapters/standalone';
import { ordersOf, place } from './orders.js';
import { verifier } from './verifier.js';

const t = initTRPC.context<GuardedContext>().create({ errorFormatter: formatRefusal });
const signedIn = t.procedure.use(protect(verifier));
const orders = t.router({
  mine: signedIn.query(({ ctx }) => ordersOf(ctx.token.sub)),
  place: signedIn.input(String).mutation(({ ctx, input }) => place(ctx.token.sub, input)),
});
const createContext = ({ req }: CreateHTTPContextOptions) => ({ request: req });
const server = createHTTPServer({ router: orders, createContext, responseMeta: refusalMeta });

server.listen(Number(process.env['PORT'] ?? 4010), '127.0.0.1');
export type OrdersRouter = typeof orders;
