import { protect } from '@portcullis/verify/node';
import { createServer, type RequestListener } from 'node:http';
import { PREFIX, type StartFramework } from './framework.ts';
import { listen } from './listen.ts';

export const startNode: StartFramework = async ({ verifier, common, routes, port }) => {
  const listeners = new Map<string, RequestListener>(
    routes.map(({ name, options, handle }) => [
      `${PREFIX}/${name}`,
      protect(verifier, { ...common, ...options })((_, response, caller) => {
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify(handle(caller)));
      }),
    ]),
  );
  const server = createServer((request, response) => {
    const listener = listeners.get(request.url ?? '');
    if (listener === undefined) response.writeHead(404).end();
    else listener(request, response);
  });
  return await listen(server, port);
};
