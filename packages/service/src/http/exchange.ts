/** What is kept about a request beside the request itself, from its arrival to its log line. */
import type { RequestContext } from '@portcullis/api';
import type { AccessTokenClaims, Refusal } from '@portcullis/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { OpenStreams } from './open-streams.ts';

interface Exchange {
  refusal?: Refusal;
  /** The pattern to count it under, where the framework's own is too coarse. */
  route?: string;
  /** Called once when the answer has become a stream, which lasts. */
  becomesStream?: () => void;
}

/** Beside the request, not on it: nothing that a client sends can reach it. */
const exchanges = new WeakMap<FastifyRequest, Exchange>();

export function exchangeOf(request: FastifyRequest): Exchange {
  let exchange = exchanges.get(request);
  if (exchange === undefined) {
    exchange = {};
    exchanges.set(request, exchange);
  }
  return exchange;
}

export type Authenticate = (request: FastifyRequest) => Promise<AccessTokenClaims>;

/** Characters of a user agent that are kept. */
const MAX_USER_AGENT = 256;

export function requestContext(
  request: FastifyRequest,
  reply: FastifyReply,
  authenticate: Authenticate,
  streams?: OpenStreams,
): RequestContext {
  const gone = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  return {
    requestId: request.id,
    address: request.ip,
    userAgent: request.headers['user-agent']?.slice(0, MAX_USER_AGENT),
    signal: gone.signal,
    authenticate: () => authenticate(request),
    watch: async () => {
      if (streams === undefined) throw new Error('this operation is no stream');
      return streams.hold(request, reply);
    },
  };
}
