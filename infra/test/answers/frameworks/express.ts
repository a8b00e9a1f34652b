/** Express 5, and 4, whose types are those of 5. */
import { answerErrors, protect } from '@portcullis/verify/express';
import express from 'express';
import express4 from 'express4';
import { createServer } from 'node:http';
import { PREFIX, type StartFramework } from './framework.ts';
import { listen } from './listen.ts';

const startWith =
  (library: typeof express): StartFramework =>
  async ({ verifier, common, routes, port }) => {
    const app = library();
    const router = library.Router();
    for (const { name, options, handle } of routes) {
      const guard = protect(verifier, { ...common, ...options });
      router.all(`/${name}`, guard, (request, response) => {
        response.json(handle(guard.callerOf(request)));
      });
    }
    app.use(PREFIX, router);
    app.use(answerErrors);
    return await listen(createServer(app), port);
  };

export const startExpress = startWith(express);
export const startExpress4 = startWith(express4);
