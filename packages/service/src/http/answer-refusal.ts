/** Refusals on their way out, and into the log. */
import type { Refusal } from '@portcullis/contracts';
import { answerOf, type RefusalAnswer } from '@portcullis/verify/guard';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { exchangeOf } from './exchange.ts';
import { enveloped } from './trpc-envelope.ts';

/** Under the addresses of tRPC in its envelope. */
export function answerRefusal(
  request: FastifyRequest,
  reply: FastifyReply,
  refusal: Refusal,
): FastifyReply {
  noteRefusal(request, refusal);
  const { status, headers, body } = answerTo(request, refusal);
  return reply
    .code(status)
    .headers({ ...headers })
    .type('application/json; charset=utf-8')
    .send(enveloped(body, status, request.raw.url ?? '/'));
}

/** By the guard of this service, with the request's id. */
export function answerTo(request: FastifyRequest, refusal: Refusal): RefusalAnswer {
  const { guard } = exchangeOf(request);
  if (guard === undefined) return answerOf(refusal, request.raw, { requestId: request.id });
  return guard.answerOf(refusal, request.raw, request.id);
}

/**
 * A defect of ours is an error, an unavailable part a warning; what a client did wrong is for those
 * who ask. Each request has its own line with the code besides; and each reason for which tokens are refused one
 * every ten seconds with a count (metrics/refusal-metrics.ts), which is all that a crowd of refused requests leaves.
 */
export function noteRefusal(request: FastifyRequest, refusal: Refusal): void {
  const exchange = exchangeOf(request);
  // A subscription that is refused is noted by tRPC, and once more when it is answered.
  if (exchange.refusal !== refusal) exchange.refusals?.note(refusal);
  exchange.refusal = refusal;
  const fields = { code: refusal.code, reason: refusal.reason, err: refusal.cause };
  if (refusal.code === 'overloaded') return;
  if (refusal.code === 'internal') request.log.error(fields, 'defect');
  else if (refusal.status >= 500) {
    // One line for the part that is unavailable, and not one for each request; it is counted there.
    const noted = exchange.outages?.noted(refusal.cause, 'answering a request') ?? false;
    request.log[noted || isOrdinary(refusal) ? 'debug' : 'warn'](fields, 'cannot serve');
  } else if (refusal.cause !== undefined || refusal.reason !== undefined) {
    request.log.debug(fields, 'refused');
  }
}

/** A verifier that is stale says so by its state, its metrics and the part that is unavailable. */
function isOrdinary({ code, cause }: Refusal): boolean {
  return code === 'verifier_stale' && cause === undefined;
}
