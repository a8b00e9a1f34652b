/** Protects the handlers of `node:http`, and of `node:http2` by its API that is like it. */
import type { AccessTokenClaims, ClaimsOf } from '@portcullis/contracts';
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  answerToError,
  createRouteGuard,
  requestIdOf,
  type GuardOptions,
  type RefusalAnswer,
  type RequestLike,
  type RequirementBy,
  type TokenCheck,
} from '../guard/index.ts';

/** A response of `node:http` or `node:http2`. */
export interface NodeResponse {
  readonly headersSent: boolean;
  getHeader(name: string): unknown;
  setHeader(name: string, value: string): unknown;
  writeHead(status: number, headers: Record<string, string>): { end(body: string): unknown };
  destroy(): unknown;
}

/** Makes of a handler of callers one of requests. */
export type NodeGuard<C extends AccessTokenClaims> = <
  Q extends RequestLike = IncomingMessage,
  S extends NodeResponse = ServerResponse,
>(
  handle: (request: Q, response: S, caller: C) => unknown,
) => (request: Q, response: S) => void;

/**
 * What the handler throws is answered too, since nothing is behind it: a refusal as itself, anything else with 500
 * `internal`, and on the console. An answer that has begun is broken off.
 *
 * @throws TypeError that names the option that cannot be meant
 * @example
 * const signedIn = protect(verifier);
 * const answer = signedIn((request, response, caller) => response.end(caller.sub));
 * createServer(answer).listen(4010, '127.0.0.1');
 */
export function protect<V extends TokenCheck, const R extends RequirementBy<V> | 'user' = 'user'>(
  verifier: V,
  options: GuardOptions<R> = {},
): NodeGuard<ClaimsOf<R>> {
  const guard = createRouteGuard<V, R>(verifier, options);
  return (handle) => (request, response) => {
    const serve = async (): Promise<void> => {
      const { caller, headers, answer } = await guard.admit(request, idOf(request, response));
      if (answer !== undefined) return send(response, answer);
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      await handle(request, response, caller);
    };
    serve().catch((error: unknown) => answerError(error, request, response));
  };
}

function answerError(error: unknown, request: RequestLike, response: NodeResponse): void {
  const answer = answerToError(error, request, idOf(request, response));
  // oxlint-disable-next-line no-console -- there is no logger here, and a defect has to be seen
  if (answer.status === 500) console.error(error);
  if (response.headersSent) response.destroy();
  else send(response, answer);
}

/** What the app has put into its answer already is what it calls the request. */
function idOf(request: RequestLike, response: NodeResponse): string {
  return requestIdOf(request, response.getHeader('x-request-id'));
}

function send(response: NodeResponse, { status, headers, body }: RefusalAnswer): void {
  const text = JSON.stringify(body);
  // In place of what a handler has said of its own answer before it threw.
  const own = {
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(text)),
  };
  response.writeHead(status, { ...headers, ...own }).end(text);
}
