/** What the procedures get of a request, over tRPC or REST. */
import type { RequestContext } from '@portcullis/api';
import { Refusal, shownText } from '@portcullis/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ServiceGuard } from '../service-guard.ts';
import type { OpenStreams } from './open-streams.ts';
import { tokenCookies } from './token-cookies.ts';

/** @returns the thumbprint of the key that the request proves possession of; undefined for none */
export type ProvePossession = (
  request: FastifyRequest,
  reply: FastifyReply,
) => Promise<string | undefined>;

/** How a service finds out who sends a request. */
export interface Identification {
  guard?: ServiceGuard;
  provePossession?: ProvePossession;
}

/** Characters of a user agent that are kept. */
const MAX_USER_AGENT = 256;

/** The user agent is shown to the owner of a session, and any client can make one up. */
function userAgentOf({ headers }: FastifyRequest): string | undefined {
  const sent = headers['user-agent'];
  return sent === undefined ? undefined : shownText(sent.slice(0, MAX_USER_AGENT));
}

export function requestContext(
  request: FastifyRequest,
  reply: FastifyReply,
  { guard, provePossession }: Identification,
  streams?: OpenStreams,
): RequestContext {
  const gone = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  // One proof speaks for one request, however many calls it makes.
  let proven: Promise<string | undefined> | undefined;
  return {
    requestId: request.id,
    address: request.ip,
    userAgent: userAgentOf(request),
    signal: gone.signal,
    cookies: tokenCookies(request, reply),
    access: guard?.access,
    authenticate: async () => {
      // Where there is nothing to check a token with, none is good.
      if (guard === undefined) throw new Refusal('invalid_token');
      return guard.authenticate(request.raw);
    },
    provePossession: async () => {
      proven ??= provePossession?.(request, reply) ?? Promise.resolve(undefined);
      return proven;
    },
    watch: async () => {
      if (streams === undefined) throw new Error('this operation is no stream');
      return streams.hold(request, reply);
    },
  };
}
