import { answerErrors, protect } from '@portcullis/verify/fastify';
import { fastify } from 'fastify';
import { PREFIX, type StartFramework } from './framework.ts';

export const startFastify: StartFramework = async ({ verifier, common, routes, port }) => {
  const app = fastify({ forceCloseConnections: true, exposeHeadRoutes: false });
  app.setErrorHandler(answerErrors);
  for (const { name, options, handle } of routes) {
    const guard = protect(verifier, { ...common, ...options });
    app.all(`${PREFIX}/${name}`, { onRequest: guard }, async (request) =>
      handle(guard.callerOf(request)),
    );
  }
  await app.listen({ port, host: '127.0.0.1' });
  return async () => app.close();
};
