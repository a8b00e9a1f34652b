import { serve } from '@hono/node-server';
import { answerErrors, protect } from '@portcullis/verify/hono';
import { Hono } from 'hono';
import { once } from 'node:events';
import { PREFIX, type StartFramework } from './framework.ts';

export const startHono: StartFramework = async ({ verifier, common, routes, port }) => {
  const router = new Hono();
  for (const { name, options, handle } of routes) {
    router.all(`/${name}`, protect(verifier, { ...common, ...options }), (c) =>
      // As types of 4.0 want it too.
      c.json({ ...handle(c.var.caller) }),
    );
  }
  const app = new Hono();
  app.onError(answerErrors);
  app.route(PREFIX, router);
  const server = serve({ fetch: app.fetch, port, hostname: '127.0.0.1' });
  if (!server.listening) await once(server, 'listening');
  return async () => server.close();
};
