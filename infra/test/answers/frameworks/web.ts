import { serve } from '@hono/node-server';
import { answerErrors, protect } from '@portcullis/verify/web';
import { once } from 'node:events';
import { PREFIX, type StartFramework } from './framework.ts';

export const startWeb: StartFramework = async ({ verifier, common, routes, port }) => {
  const handlers = new Map(
    routes.map(({ name, options, handle }) => [
      `${PREFIX}/${name}`,
      answerErrors(
        protect(verifier, { ...common, ...options })((_: Request, caller) =>
          Response.json(handle(caller)),
        ),
      ),
    ]),
  );
  const fetch = async (request: Request): Promise<Response> => {
    const handler = handlers.get(new URL(request.url).pathname);
    return (await handler?.(request)) ?? new Response(null, { status: 404 });
  };
  const server = serve({ fetch, port, hostname: '127.0.0.1' });
  if (!server.listening) await once(server, 'listening');
  return async () => server.close();
};
