/**
 * tRPC on fastify. The adapter of the library would build addresses from the Host header and take any
 * kind of body; here only JSON gets in, checked beforehand, and only what tRPC needs is handed on.
 */
import { refusalOf } from '@portcullis/api';
import type { AnyTRPCRouter } from '@trpc/server';
import { requestTarget } from '@portcullis/verify/guard';
import { resolveResponse } from '@trpc/server/http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { answerRefusal, answerTo, noteRefusal } from './http/answer-refusal.ts';
import { addTextualJsonParser } from './http/body-parsers.ts';
import { MAX_BATCH } from './http/bounds.ts';
import { exchangeOf } from './http/exchange.ts';
import { requestContext, type Identification } from './http/request-context.ts';
import type { OpenStreams } from './http/open-streams.ts';
import { refusalOfHttp } from './http/framework-errors.ts';
import { parseMembers } from './http/members.ts';
import { malformed, parseStrictJson } from './http/strict-json.ts';
import { withinBound } from './http/time-bound.ts';
import { TRPC_PREFIX } from './http/trpc-envelope.ts';
import { joinedVary } from './http/vary.ts';

export interface TrpcOptions {
  router: AnyTRPCRouter;
  identification: Identification;
  streams: OpenStreams;
}

export function addTrpcRoutes(app: FastifyInstance, options: TrpcOptions): void {
  app.register(async (scope) => {
    addTextualJsonParser(scope);
    scope.setErrorHandler((error, request, reply) =>
      answerRefusal(request, reply, refusalOfHttp(error)),
    );
    scope.route({
      method: ['GET', 'POST'],
      url: `${TRPC_PREFIX}:path`,
      exposeHeadRoute: false,
      handler: async (request, reply) =>
        answer(request, reply, await withinBound(call(request, reply, options))),
    });
  });
}

/** Streams go out as they come; everything else with its length, which also spares a web stream. */
async function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  response: Response,
): Promise<FastifyReply> {
  const vary = response.headers.get('vary');
  if (vary !== null) response.headers.set('vary', joinedVary(reply, vary));
  if (response.headers.has('transfer-encoding')) return reply.send(response);
  if (response.headers.get('content-type')?.startsWith('text/event-stream') === true) {
    const { refusal, becomesStream } = exchangeOf(request);
    if (refusal === undefined) {
      becomesStream?.();
      // Of one user, as all answers are; tRPC would only have it asked for again.
      response.headers.set('cache-control', 'no-store, no-transform');
      return reply.send(response);
    }
    // A subscription that was refused before it began: tRPC would say so in a stream with status
    // 200, which is neither counted nor understood as a refusal.
    await response.body?.cancel();
    return answerRefusal(request, reply, refusal);
  }
  const headers = Object.fromEntries(response.headers);
  // All that is left is JSON, also where tRPC gives up early and does not say so.
  return reply
    .code(response.status)
    .headers(headers)
    .type('application/json')
    .send(await response.text());
}

async function call(
  request: FastifyRequest,
  reply: FastifyReply,
  options: TrpcOptions,
): Promise<Response> {
  const { path, query } = requestTarget(request.raw.url ?? '/');
  if (request.method === 'GET') {
    const input = parseMembers(query, 'query').get('input');
    if (input !== undefined && input !== '') parseStrictJson(input);
  }
  const procedures = path.slice(TRPC_PREFIX.length);
  // tRPC has the same bound; refused here, the answer has its request id.
  if (procedures.split(',').length > MAX_BATCH) throw malformed('batch', 'holds too many calls');
  refuseStreamedAnswers(request);
  const ctx = requestContext(request, reply, options.identification, options.streams);
  exchangeOf(request).route = countedRoute(options.router, procedures);
  return resolveResponse({
    router: options.router,
    req: innerRequest(request, `${path}?${query}`, ctx.signal),
    path: procedures,
    error: null,
    createContext: async () => ctx,
    maxBatchSize: MAX_BATCH,
    allowMethodOverride: false,
    onError: ({ error }) => noteRefusal(request, refusalOf(error)),
    responseMeta: ({ errors, paths }) => {
      const [error] = errors;
      if (error === undefined) return {};
      const { status, headers } = answerTo(request, refusalOf(error));
      // A batch has one status for all its calls, which tRPC works out.
      return paths?.length === 1 ? { headers, status } : { headers };
    },
  });
}

/**
 * tRPC's JSONL streaming begins each answer with 200 before it is known, and so has no status, cookie,
 * challenge or nonce for a refusal: a fault would be a success (RFC 6750 section 3, RFC 9449 section 8).
 *
 * @throws Refusal `invalid_request`
 */
function refuseStreamedAnswers(request: FastifyRequest): void {
  if (request.headers['trpc-accept'] === undefined) return;
  throw malformed('trpc-accept', 'is not served: use httpBatchLink');
}

/**
 * The address is ours, never that of the Host header. Of the headers tRPC gets the one that a
 * subscription goes on from; what it is asked to accept is decided here.
 */
function innerRequest(request: FastifyRequest, target: string, signal: AbortSignal): Request {
  const headers = new Headers({ 'content-type': 'application/json' });
  const lastEvent = request.headers['last-event-id'];
  if (typeof lastEvent === 'string') headers.set('last-event-id', lastEvent);
  const body = typeof request.body === 'string' ? { body: request.body } : {};
  const { method } = request;
  return new Request(`http://portcullis.invalid${target}`, { method, headers, signal, ...body });
}

/** The name to count it under: one of ours, or none. */
function countedRoute(router: AnyTRPCRouter, procedures: string): string {
  if (procedures.includes(',')) return `${TRPC_PREFIX}(batch)`;
  return Object.hasOwn(router._def.procedures, procedures)
    ? `${TRPC_PREFIX}${procedures}`
    : `${TRPC_PREFIX}(unknown)`;
}
