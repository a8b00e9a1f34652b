/** Protects routes of fastify 5. */
import type { AccessTokenClaims, ClaimsOf } from '@portcullis/contracts';
import {
  answerToError,
  createRouteGuard,
  Refusal,
  type GuardOptions,
  type RefusalAnswer,
  type RequestLike,
  type RequirementBy,
  type TokenCheck,
} from '../guard/index.ts';

/** Of fastify's request what is looked at, whatever server and schemas it is of. */
export interface FastifyRequestLike extends RequestLike {
  readonly id: string;
  readonly log: { error(fields: object, message: string): void };
}

export interface FastifyReplyLike {
  code(status: number): unknown;
  headers(values: Record<string, string>): unknown;
  send(payload: unknown): unknown;
}

export interface FastifyGuard<C extends AccessTokenClaims> {
  (request: FastifyRequestLike, reply: FastifyReplyLike): Promise<unknown>;
  /** @throws Error behind a route that this guard is not before */
  callerOf(request: RequestLike): C;
}

/**
 * A hook: of one route, or of a scope with `addHook`. As `onRequest` it refuses before a body is read.
 *
 * @throws TypeError that names the option that cannot be meant
 * @example
 * const signedIn = protect(verifier);
 * app.get('/orders', { onRequest: signedIn }, (request) => signedIn.callerOf(request).sub);
 * app.setErrorHandler(answerErrors);
 */
export function protect<V extends TokenCheck, const R extends RequirementBy<V> | 'user' = 'user'>(
  verifier: V,
  options: GuardOptions<R> = {},
): FastifyGuard<ClaimsOf<R>> {
  const { admit, callerOf } = createRouteGuard<V, R>(verifier, options);
  const hook = async (request: FastifyRequestLike, reply: FastifyReplyLike): Promise<unknown> => {
    const { headers, answer } = await admit(request, request.id);
    if (answer !== undefined) return send(reply, answer);
    reply.headers({ ...headers });
    return undefined;
  };
  return Object.assign(hook, { callerOf });
}

/**
 * For `setErrorHandler`: answers what handlers throw as the services of Portcullis do. What is an HTTP error (which
 * has a `statusCode`, as those of fastify) is left to fastify; a defect is logged.
 */
export function answerErrors(
  error: unknown,
  request: FastifyRequestLike,
  reply: FastifyReplyLike,
): unknown {
  const isOfFastify = !(error instanceof Refusal) && 'statusCode' in Object(error);
  if (isOfFastify) return reply.send(error);
  const answer = answerToError(error, request, request.id);
  if (answer.status === 500) request.log.error({ err: error }, 'defect');
  return send(reply, answer);
}

function send(reply: FastifyReplyLike, { status, headers, body }: RefusalAnswer): unknown {
  reply.code(status);
  // In place of what a handler has said of its own answer before it threw.
  reply.headers({ ...headers, 'content-type': 'application/json; charset=utf-8' });
  return reply.send(body);
}
