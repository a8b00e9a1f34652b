/** RFC 6749 section 6, with the rotation of RFC 9700 section 4.14.2. */
import type { RequestContext } from '@portcullis/api';
import { clientId, FIRST_PARTY_CLIENT, Refusal, type ClientId } from '@portcullis/contracts';
import type { AuthenticateClient } from '../client/authenticate-client.ts';
import type { Refresh } from '../session/refresh.ts';
import type { OfferedCredentials } from './client-credentials-of.ts';
import { OAuthError } from './oauth-error.ts';

export interface RefreshGrantDependencies {
  authenticateClient: AuthenticateClient;
  refresh: Refresh;
}

export async function grantRefreshToken(
  { authenticateClient, refresh }: RefreshGrantDependencies,
  request: RequestContext,
  offered: OfferedCredentials | null,
  members: ReadonlyMap<string, string>,
) {
  const token = members.get('refresh_token');
  if (token === undefined) throw new OAuthError('invalid_request', 'There is no refresh_token.');
  // A person's token has roles and no scope; whatever is asked for would widen it.
  if (members.has('scope')) throw new OAuthError('invalid_scope', 'No scope was granted.');
  const client = await whichClient(authenticateClient, offered, members.get('client_id'));
  try {
    return await refresh(request, token, client);
  } catch (error) {
    if (error instanceof Refusal && error.code === 'invalid_refresh_token') {
      throw new OAuthError('invalid_grant', error.message, { cause: error.cause });
    }
    throw error;
  }
}

/** Public clients name themselves, or nobody; others prove who they are. */
async function whichClient(
  authenticateClient: AuthenticateClient,
  offered: OfferedCredentials | null,
  named: string | undefined,
): Promise<ClientId> {
  if (offered !== null) {
    const client = await authenticateClient(offered.id, offered.secret);
    if (client !== null && (named === undefined || named === client.id)) return client.id;
    throw new OAuthError('invalid_client', 'Client authentication failed.');
  }
  if (named === undefined) return FIRST_PARTY_CLIENT;
  const id = clientId.safeParse(named).data;
  if (id === undefined) throw new OAuthError('invalid_client', 'Client authentication failed.');
  return id;
}
