/** Protects routes of Express 4 and 5. */
import type { AccessTokenClaims, ClaimsOf } from '@portcullis/contracts';
import type { IncomingMessage, ServerResponse } from 'node:http';
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

type Next = (error?: unknown) => void;

export interface ExpressGuard<C extends AccessTokenClaims> {
  (request: IncomingMessage, response: ServerResponse, next: Next): void;
  /** @throws Error behind a route that this guard is not before */
  callerOf(request: IncomingMessage): C;
}

/**
 * A middleware, before one route, a router or all of them.
 *
 * @throws TypeError that names the option that cannot be meant
 * @example
 * const signedIn = protect(verifier);
 * app.get('/orders', signedIn, (request, response) => response.json(signedIn.callerOf(request).sub));
 * app.use(answerErrors);
 */
export function protect<V extends TokenCheck, const R extends RequirementBy<V> | 'user' = 'user'>(
  verifier: V,
  options: GuardOptions<R> = {},
): ExpressGuard<ClaimsOf<R>> {
  const { admit, callerOf } = createRouteGuard<V, R>(verifier, options);
  const pass = async (request: IncomingMessage, response: ServerResponse, next: Next) => {
    try {
      const { headers, answer } = await admit(request, idOf(request, response));
      if (answer !== undefined) return send(response, answer);
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    } catch (error) {
      return next(error);
    }
    next();
  };
  const middleware = (request: IncomingMessage, response: ServerResponse, next: Next) =>
    void pass(request, response, next);
  return Object.assign(middleware, { callerOf });
}

/**
 * The last middleware of the app: answers what handlers throw as the services of Portcullis do. What is an HTTP
 * error (of `http-errors`, which has `expose`), or of a request that Express could not read, is left to Express; a defect is written to the console, as Express does.
 */
export function answerErrors(
  error: unknown,
  request: IncomingMessage,
  response: ServerResponse,
  next: Next,
): void {
  const isHttpError = !(error instanceof Refusal) && 'expose' in Object(error);
  if (isHttpError || isUnreadable(error) || response.headersSent) return next(error);
  const answer = answerToError(error, request, idOf(request, response));
  // oxlint-disable-next-line no-console -- as Express itself
  if (answer.status === 500) console.error(error);
  send(response, answer);
}

/** What the app has put into its answer already is what it calls the request. */
function idOf(request: IncomingMessage, response: ServerResponse): string {
  return requestIdOf(request, response.getHeader('x-request-id'));
}

function send(response: ServerResponse, { status, headers, body }: RefusalAnswer): void {
  const text = JSON.stringify(body);
  // In place of what a handler has said of its own answer before it threw.
  const own = {
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(text)),
  };
  response.writeHead(status, { ...headers, ...own }).end(text);
}
