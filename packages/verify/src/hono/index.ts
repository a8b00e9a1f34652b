/** Protects routes of Hono 4. */
import type { ClaimsOf } from '@portcullis/contracts';
import type { Context, MiddlewareHandler } from 'hono';
import {
  answerToError,
  createRouteGuard,
  requestIdOf,
  type GuardOptions,
  type RequirementBy,
  type TokenCheck,
} from '../guard/index.ts';

/**
 * A middleware, behind which `c.var.caller` holds the claims of the caller's token.
 *
 * @throws TypeError that names the option that cannot be meant
 * @example
 * app.get('/orders', protect(verifier), (c) => c.json({ sub: c.var.caller.sub }));
 * app.onError(answerErrors);
 */
export function protect<V extends TokenCheck, const R extends RequirementBy<V> | 'user' = 'user'>(
  verifier: V,
  options: GuardOptions<R> = {},
): MiddlewareHandler<{ Variables: { caller: ClaimsOf<R> } }> {
  const guard = createRouteGuard<V, R>(verifier, options);
  return async (c, next) => {
    const { caller, headers, answer } = await guard.admit(c.req.raw, idOf(c));
    if (answer !== undefined) return Response.json(answer.body, answer);
    c.set('caller', caller);
    await next();
    // Afterwards, so that an answer that is no `c.json` has them too.
    for (const [name, value] of Object.entries(headers)) c.header(name, value);
    return undefined;
  };
}

/**
 * For `onError`: answers what handlers throw as the services of Portcullis do. What brings an answer of its own
 * (`HTTPException`) gives it; a defect is written to the console, as Hono does.
 */
export function answerErrors(
  error: Error & { getResponse?: () => Response },
  c: Context,
): Response {
  const own = error.getResponse?.();
  if (own !== undefined) return c.newResponse(own.body, own);
  const answer = answerToError(error, c.req.raw, idOf(c));
  // oxlint-disable-next-line no-console -- as Hono itself
  if (answer.status === 500) console.error(error);
  return Response.json(answer.body, answer);
}

/** Hono's own middleware `requestId` gives it a name, where it is used. */
function idOf(c: Context): string {
  return requestIdOf(c.req.raw, c.get('requestId'));
}
