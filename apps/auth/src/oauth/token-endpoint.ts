/** `POST /oauth2/token` (RFC 6749 section 3.2): a linear list of refusals, then a grant. */
import { requestContext, type FastifyInstance, type ProvePossession } from '@portcullis/service';
import type { Refresh } from '../session/refresh.ts';
import type { Mint } from '../token/mint.ts';
import type { ExchangeCode } from './exchange-code.ts';
import { grantAuthorizationCode } from './grant-authorization-code.ts';
import { grantClientCredentials } from './grant-client-credentials.ts';
import { grantRefreshToken } from './grant-refresh-token.ts';
import { formMembersOf, type IdentifyClient } from './identify-client.ts';
import { answerOAuthError, NO_STORE, OAuthError } from './oauth-error.ts';

export interface TokenEndpointDependencies {
  identifyClient: IdentifyClient;
  refresh: Refresh;
  exchangeCode: ExchangeCode;
  mint: Mint;
  /** The audiences of a user's token. */
  audiences(this: void): readonly string[];
  provePossession: ProvePossession;
}

export function addTokenEndpoint(
  app: FastifyInstance,
  dependencies: TokenEndpointDependencies,
): void {
  const { identifyClient, refresh, exchangeCode, mint, audiences, provePossession } = dependencies;
  app.post('/oauth2/token', { errorHandler: answerOAuthError }, async (request, reply) => {
    void reply.headers(NO_STORE);
    const members = formMembersOf(request);
    const client = await identifyClient(request);
    const context = requestContext(request, reply, { provePossession });
    switch (members.get('grant_type')) {
      case 'client_credentials':
        return await grantClientCredentials(mint, context, client, members);
      case 'refresh_token':
        return await grantRefreshToken({ refresh, audiences }, context, client, members);
      case 'authorization_code': {
        const code = { exchangeCode, audiences };
        return await grantAuthorizationCode(code, context, client, members);
      }
      case undefined:
        throw new OAuthError('invalid_request', 'There is no grant_type.');
      default:
        // The password grant is among these (RFC 9700 section 2.4).
        throw new OAuthError('unsupported_grant_type', 'This grant type is not offered.');
    }
  });
}
