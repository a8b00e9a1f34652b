import { connect } from '@nats-io/transport-node';
import { createVerifier } from '@portcullis/verify';
import { connectionOptions, natsFeed } from '@portcullis/verify/nats';
import { protect, type AuthorizationContext } from '@portcullis/verify/trpc';
import { initTRPC } from '@trpc/server';

const connection = await connect({
  ...connectionOptions({ service: 'orders' }), // comes back, whatever happens to NATS
  servers: 'nats://localhost:4222',
});
const verifier = await createVerifier({
  issuer: 'http://localhost:4000',
  audience: 'urn:portcullis:user', // what your tokens are for
  service: 'orders', // how receipts name you
  feed: natsFeed({ connection }),
});

const t = initTRPC.context<AuthorizationContext>().create();
const signedIn = t.procedure.use(protect(verifier));
const support = t.procedure.use(protect(verifier, { permission: 'users:read' }));

export const orders = t.router({
  mine: signedIn.query(({ ctx }) => `the orders of ${ctx.token.sub}`),
  all: support.query(() => 'the orders of everybody'),
});
