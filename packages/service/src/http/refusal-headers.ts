/** What a refusal says in headers, the same for REST and tRPC. */
import type { Refusal } from '@portcullis/contracts';
import { refusalHeaders as headersOf } from '@portcullis/verify';
import type { FastifyRequest } from 'fastify';
import { presentedScheme } from './presented-token.ts';

const CLIENT_REALM = 'Basic realm="portcullis", charset="UTF-8"';

export function refusalHeaders(refusal: Refusal, request: FastifyRequest): Record<string, string> {
  const scheme = presentedScheme(request);
  const headers = headersOf(refusal, scheme === 'other' ? 'bearer' : scheme);
  // A client, and not a user's token.
  if (refusal.code === 'invalid_client') headers['www-authenticate'] = CLIENT_REALM;
  return headers;
}
