/** A service of one's own beside a test system: REST and tRPC behind the guards of the verify package. */
import { connect } from '@nats-io/transport-node';
import { freePort, type TestSystem } from '@portcullis/testbed';
import { createVerifier } from '@portcullis/verify';
import { answerErrors, protect } from '@portcullis/verify/express';
import { natsFeed } from '@portcullis/verify/feeds/nats';
import {
  formatRefusal,
  protect as protectProcedure,
  refusalMetaWith,
  type GuardedContext,
} from '@portcullis/verify/trpc';
import { initTRPC, TRPCError } from '@trpc/server';
import { createExpressMiddleware } from '@trpc/server/adapters/express';
import express from 'express';
import { once } from 'node:events';

export const AUDIENCE = 'urn:acme:orders';

/** What arrived, without what was refused for it. */
export interface Arrived {
  path: string;
  authorization: string | undefined;
  proof: string | undefined;
  cookie: string | undefined;
  status: number;
}

type Checked = Parameters<typeof protect>[0];

function routerOf(verifier: Checked, policy: { cookies: object; publicUrls: string[] }) {
  const t = initTRPC.context<GuardedContext>().create({ errorFormatter: formatRefusal });
  const signedIn = t.procedure.use(protectProcedure(verifier, policy));
  const machine = t.procedure.use(
    protectProcedure(verifier, { ...policy, require: { scope: 'users:read' } }),
  );
  return t.router({
    mine: signedIn.query(({ ctx }) => `the orders of ${ctx.token.sub}`),
    /** The name of a procedure of auth that takes no token. */
    register: signedIn.mutation(({ ctx }) => ctx.token.sub),
    missing: signedIn.query(() => {
      throw new TRPCError({ code: 'NOT_FOUND', message: 'no such order' });
    }),
    ofAll: machine.query(({ ctx }) => `the orders of all, for ${ctx.token.sub}`),
    ticks: signedIn.subscription(async function* ticks() {
      for (let tick = 1; tick <= 3; tick += 1) yield tick;
      await new Promise((resolve) => setTimeout(resolve, 60_000).unref());
    }),
  });
}
export type OrdersRouter = ReturnType<typeof routerOf>;

export async function startOrders(system: TestSystem) {
  const bus = new URL(system.bed.natsUrl);
  const connection = await connect({
    servers: bus.host,
    ...(bus.username !== '' && {
      user: decodeURIComponent(bus.username),
      pass: decodeURIComponent(bus.password),
    }),
  });
  const verifier = await createVerifier({
    issuer: system.auth.issuer,
    audience: AUDIENCE,
    service: 'orders',
    feed: natsFeed({ connection, prefix: system.bed.prefix }),
  });
  await verifier.ready();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const policy = { cookies: {}, publicUrls: [url] };
  const arrived: Arrived[] = [];

  const app = express();
  app.use((request, response, next) => {
    const { authorization, cookie } = request.headers;
    const proof = request.headers['dpop']?.toString();
    response.on('finish', () => {
      arrived.push({
        path: request.path,
        authorization,
        proof,
        cookie,
        status: response.statusCode,
      });
    });
    next();
  });
  const signedIn = protect(verifier, policy);
  app.get('/orders', signedIn, (request, response) => {
    response.json({ of: signedIn.callerOf(request).sub });
  });
  app.post('/orders', signedIn, express.text({ type: () => true }), (request, response) => {
    response.json({ said: request.body, type: request.headers['content-type'] });
  });
  app.get('/moved', (_, response) => response.redirect(307, 'http://localhost:9/orders'));
  app.use(
    '/trpc',
    createExpressMiddleware({
      router: routerOf(verifier, policy),
      createContext: ({ req }) => ({ request: req }),
      responseMeta: refusalMetaWith(policy),
    }),
  );
  app.use(answerErrors);
  const server = app.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url,
    arrived,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await verifier[Symbol.asyncDispose]();
      await connection.close();
    },
  };
}
export type OrdersService = Awaited<ReturnType<typeof startOrders>>;
