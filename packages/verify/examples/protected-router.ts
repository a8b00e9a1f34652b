import { connect } from '@nats-io/transport-node';
import { createVerifier } from '@portcullis/verify';
import { connectionOptions, natsFeed } from '@portcullis/verify/feeds/nats';
import { formatRefusal, protect, refusalMeta, type GuardedContext } from '@portcullis/verify/trpc';
import { initTRPC } from '@trpc/server';
import { createHTTPServer } from '@trpc/server/adapters/standalone';

process.loadEnvFile('.portcullis/dev/services/orders.env'); // as `npm run service` has it written
const connection = await connect({
  ...connectionOptions({ service: 'orders', url: process.env['NATS_URL'] }), // comes back by itself
});
const verifier = await createVerifier({
  issuer: 'http://localhost:4000',
  audience: 'urn:portcullis:user', // what your tokens are for
  service: 'orders', // how receipts name you
  feed: natsFeed({ connection }),
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
