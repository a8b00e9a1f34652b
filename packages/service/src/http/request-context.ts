/** What the procedures are told of a request, whichever way it came. */
import type { RequestContext } from '@portcullis/api';
import type { AccessTokenClaims } from '@portcullis/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { OpenStreams } from './open-streams.ts';
import { tokenCookies } from './token-cookies.ts';

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
    cookies: tokenCookies(request, reply),
    authenticate: () => authenticate(request),
    watch: async () => {
      if (streams === undefined) throw new Error('this operation is no stream');
      return streams.hold(request, reply);
    },
  };
}
