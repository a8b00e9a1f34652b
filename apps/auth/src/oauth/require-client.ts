/** A machine client that proves who it is on each request, and what it may. */
import type { Permission } from '@portcullis/contracts';
import type { FastifyRequest } from '@portcullis/service';
import type { AuthenticatedClient } from '../client/find-client.ts';
import type { IdentifyClient } from './identify-client.ts';
import { OAuthError } from './oauth-error.ts';

/** @throws OAuthError `invalid_client`; `insufficient_scope` for one that may not do this */
export type RequireClient = (
  request: FastifyRequest,
  scope: Permission,
) => Promise<AuthenticatedClient>;

export function createRequireClient(identifyClient: IdentifyClient): RequireClient {
  return async (request, scope) => {
    const client = await identifyClient(request);
    if (client?.proven !== true) {
      throw new OAuthError('invalid_client', 'Client authentication failed.');
    }
    if (!client.scopes.includes(scope)) {
      throw new OAuthError('insufficient_scope', 'The client may not do this.');
    }
    return client;
  };
}
