/**
 * `POST /oauth2/revoke` (RFC 7009). 200 says that no token of that name holds any more, whether or not
 * there was one; the body is then the receipt, which clients that know only the RFC leave unread
 * (section 2.2).
 */
import { receiptWait } from '@portcullis/contracts/schemas';
import { requestContext, type FastifyInstance, type FastifyRequest } from '@portcullis/service';
import * as z from 'zod';
import { ClientMismatch, type RevokeToken } from './revoke-token.ts';
import { formMembersOf, type IdentifyClient } from './identify-client.ts';
import { answerOAuthError, NO_STORE, OAuthError } from './oauth-error.ts';

export interface RevocationEndpointDependencies {
  identifyClient: IdentifyClient;
  revokeToken: RevokeToken;
}

export function addRevocationEndpoint(
  app: FastifyInstance,
  { identifyClient, revokeToken }: RevocationEndpointDependencies,
): void {
  app.post('/oauth2/revoke', { errorHandler: answerOAuthError }, async (request, reply) => {
    void reply.headers(NO_STORE);
    const members = formMembersOf(request);
    // A public client names itself (section 2.1): who revokes is never a guess.
    const client = await identifyClient(request);
    if (client === null) throw new OAuthError('invalid_client', 'The client is not named.');
    // `token_type_hint` is one: a token of ours says by its form what it is.
    const token = members.get('token');
    if (token === undefined) throw new OAuthError('invalid_request', 'There is no token.');
    const context = requestContext(request, reply, {});
    const revocation = { token, client: client.id, wait: waitOf(request) };
    try {
      return (await revokeToken(context, revocation)) ?? {};
    } catch (error) {
      if (!(error instanceof ClientMismatch)) throw error;
      const text = 'The token was issued to another client.';
      throw new OAuthError('invalid_grant', text, { cause: error });
    }
  });
}

/** What else the query has is ignored (RFC 6749 section 3.2). */
const query = z.object({
  wait: z
    .string()
    .regex(/^\d{1,5}$/)
    .transform(Number)
    .optional()
    .pipe(receiptWait),
});

/** For how long to wait for confirmations, as with every receipt: `?wait=0`, in milliseconds. */
function waitOf(request: FastifyRequest): number {
  const parsed = query.safeParse(request.query);
  if (!parsed.success) throw new OAuthError('invalid_request', 'The query is malformed.');
  return parsed.data.wait;
}
