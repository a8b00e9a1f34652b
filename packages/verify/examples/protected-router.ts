import { connectVerifier } from '@portcullis/verify/connect';
import { formatRefusal, protect, refusalMeta, type GuardedContext } from '@portcullis/verify/trpc';
import { initTRPC } from '@trpc/server';
import { createHTTPServer } from '@trpc/server/adapters/standalone';

process.loadEnvFile('.portcullis/dev/services/orders.env'); // as `npm run service` has written it
const verifier = await connectVerifier({
  issuer: 'http://localhost:4000',
  audience: 'urn:acme:orders', // what your tokens are for
  service: 'orders', // its name in `npm run service`, and in receipts
  nats: process.env['NATS_URL'], // comes back by itself
  client: {
    id: process.env['PORTCULLIS_CLIENT_ID'],
    secret: process.env['PORTCULLIS_CLIENT_SECRET'],
  }, // for grants by HTTP
});

const t = initTRPC.context<GuardedContext>().create({ errorFormatter: formatRefusal });
const signedIn = t.procedure.use(protect(verifier));
const support = t.procedure.use(protect(verifier, { require: { permission: 'users:read' } }));

export const orders = t.router({
  mine: signedIn.query(({ ctx }) => `the orders of ${ctx.token.sub}`),
  all: support.query(() => 'the orders of everybody'),
});

const server = createHTTPServer({
  router: orders,
  createContext: ({ req }) => ({ request: req }),
  responseMeta: refusalMeta, // the status and headers of a refusal
});
server.listen(4010, '127.0.0.1', () => console.log('orders listens at http://127.0.0.1:4010'));
