/** RFC 6749 section 6, with the rotation of RFC 9700 section 4.14.2. */
import type { RequestContext } from '@portcullis/api';
import { FIRST_PARTY_CLIENT, Refusal } from '@portcullis/contracts';
import type { Refresh } from '../session/refresh.ts';
import type { IdentifiedClient } from './identify-client.ts';
import { OAuthError } from './oauth-error.ts';

/** @param client people log in through the first-party client, which may leave out its name */
export async function grantRefreshToken(
  refresh: Refresh,
  request: RequestContext,
  client: IdentifiedClient | null,
  members: ReadonlyMap<string, string>,
) {
  const token = members.get('refresh_token');
  if (token === undefined) throw new OAuthError('invalid_request', 'There is no refresh_token.');
  // A person's token has roles and no scope; whatever is asked for would widen it.
  if (members.has('scope')) throw new OAuthError('invalid_scope', 'No scope was granted.');
  try {
    return await refresh(request, token, client?.id ?? FIRST_PARTY_CLIENT);
  } catch (error) {
    if (error instanceof Refusal && error.code === 'invalid_refresh_token') {
      throw new OAuthError('invalid_grant', error.message, { cause: error.cause });
    }
    throw error;
  }
}
