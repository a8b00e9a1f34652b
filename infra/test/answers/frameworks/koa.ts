/** Koa 3, and 2, whose types are those of 3. Routes are a library's there: what stands between is a look at the path. */
import { answerErrors, protect } from '@portcullis/verify/koa';
import Koa, { type Middleware } from 'koa';
import Koa2 from 'koa2';
import { once } from 'node:events';
import { PREFIX, type StartFramework } from './framework.ts';
import { ending } from './listen.ts';

const startWith =
  (Library: typeof Koa): StartFramework =>
  async ({ verifier, common, routes, port }) => {
    const app = new Library();
    // A defect of a route is written to the console otherwise.
    app.silent = true;
    app.use(answerErrors);
    for (const { name, options, handle } of routes) {
      const guard = protect(verifier, { ...common, ...options });
      app.use(
        at(`${PREFIX}/${name}`, async (ctx) => {
          await guard(ctx, async () => {
            ctx.body = handle(ctx.state.caller);
          });
        }),
      );
    }
    const server = app.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return ending(server);
  };

const at =
  (path: string, middleware: Middleware): Middleware =>
  (ctx, next) =>
    ctx.path === path ? middleware(ctx, next) : next();

export const startKoa = startWith(Koa);
export const startKoa2 = startWith(Koa2);
