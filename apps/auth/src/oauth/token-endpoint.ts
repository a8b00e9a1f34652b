/** `POST /oauth2/token` (RFC 6749 section 3.2): a linear list of refusals, then a grant. */
import type { AccessTokenClaims } from '@portcullis/contracts';
import { Refusal } from '@portcullis/contracts';
import { FormBody, requestContext, type FastifyInstance } from '@portcullis/service';
import type { AuthenticateClient } from '../client/authenticate-client.ts';
import type { Refresh } from '../session/refresh.ts';
import type { Mint } from '../token/mint.ts';
import { clientCredentialsOf } from './client-credentials-of.ts';
import { grantClientCredentials } from './grant-client-credentials.ts';
import { grantRefreshToken } from './grant-refresh-token.ts';
import { answerOAuthError, NO_STORE, OAuthError } from './oauth-error.ts';

export interface TokenEndpointDependencies {
  authenticateClient: AuthenticateClient;
  refresh: Refresh;
  mint: Mint;
}

/** Bearer tokens are no business of this endpoint. */
async function noBearer(): Promise<AccessTokenClaims> {
  throw new Refusal('invalid_token');
}

export function addTokenEndpoint(
  app: FastifyInstance,
  dependencies: TokenEndpointDependencies,
): void {
  app.post('/oauth2/token', { errorHandler: answerOAuthError }, async (request, reply) => {
    void reply.headers(NO_STORE);
    if (!(request.body instanceof FormBody)) {
      throw new OAuthError('invalid_request', 'The body has to be a form.');
    }
    // A parameter that is given twice has been refused by the parser (section 3.2), and one without
    // a value counts as absent (section 3.1).
    const members = new Map([...request.body.members].filter(([, value]) => value !== ''));
    const offered = clientCredentialsOf(request);
    if (members.has('client_secret')) {
      throw new OAuthError('invalid_client', 'Clients authenticate by HTTP Basic.');
    }
    switch (members.get('grant_type')) {
      case 'client_credentials':
        return await grantClientCredentials(dependencies, offered, members);
      case 'refresh_token':
        return await grantRefreshToken(
          dependencies,
          requestContext(request, reply, noBearer),
          offered,
          members,
        );
      case undefined:
        throw new OAuthError('invalid_request', 'There is no grant_type.');
      default:
        // The password grant is among these (RFC 9700 section 2.4).
        throw new OAuthError('unsupported_grant_type', 'This grant type is not offered.');
    }
  });
}
