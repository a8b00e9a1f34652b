/** Protects apps and routers of Koa 2 and 3. */
import type { ClaimsOf } from '@portcullis/contracts';
import type { Context, Middleware, Next } from 'koa';
import {
  answerToError,
  createRouteGuard,
  isUnreadable,
  Refusal,
  requestIdOf,
  type GuardOptions,
  type RefusalAnswer,
  type RequirementBy,
  type TokenCheck,
} from '../guard/index.ts';

/**
 * A middleware, behind which `ctx.state.caller` holds the claims of the caller's token.
 *
 * @throws TypeError that names the option that cannot be meant
 * @example
 * app.use(answerErrors);
 * app.use(protect(verifier)).use((ctx) => { ctx.body = ctx.state.caller.sub; });
 */
export function protect<V extends TokenCheck, const R extends RequirementBy<V> | 'user' = 'user'>(
  verifier: V,
  options: GuardOptions<R> = {},
): Middleware<{ caller: ClaimsOf<R> }> {
  const guard = createRouteGuard<V, R>(verifier, options);
  return async (ctx, next) => {
    const { caller, headers, answer } = await guard.admit(ctx.request, idOf(ctx));
    if (answer !== undefined) return send(ctx, answer);
    ctx.set({ ...headers });
    ctx.state.caller = caller;
    await next();
  };
}

/**
 * The first middleware of the app: answers what those behind it throw as the services of Portcullis do. What is an
 * HTTP error (of `ctx.throw`, which has `expose`) is left to Koa; a defect is emitted on the app (`error`), as Koa does.
 */
export async function answerErrors(ctx: Context, next: Next): Promise<void> {
  try {
    await next();
  } catch (error) {
    const isHttpError = !(error instanceof Refusal) && 'expose' in Object(error);
    if (isHttpError || isUnreadable(error) || ctx.headerSent) throw error;
    const answer = answerToError(error, ctx.request, idOf(ctx));
    if (answer.status === 500) ctx.app.emit('error', error, ctx);
    send(ctx, answer);
  }
}

/** What the app has put into its answer already is what it calls the request. */
function idOf({ request, response }: Pick<Context, 'request' | 'response'>): string {
  return requestIdOf(request, response.get('x-request-id'));
}

function send(ctx: Pick<Context, 'status' | 'set' | 'body' | 'type'>, answer: RefusalAnswer): void {
  ctx.status = answer.status;
  ctx.set({ ...answer.headers });
  ctx.body = answer.body;
  // In place of what a handler has said of its own answer before it threw.
  ctx.type = 'application/json';
}
