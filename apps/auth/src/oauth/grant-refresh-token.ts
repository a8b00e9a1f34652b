/** RFC 6749 section 6, with the rotation of RFC 9700 section 4.14.2. */
import type { RequestContext } from '@portcullis/api';
import { FIRST_PARTY_CLIENT, Refusal } from '@portcullis/contracts';
import type { Refresh } from '../session/refresh.ts';
import type { IdentifiedClient } from './identify-client.ts';
import { narrowedAudiences } from './narrowed-audiences.ts';
import { OAuthError } from './oauth-error.ts';

export interface RefreshGrantDependencies {
  refresh: Refresh;
  /** The audiences of a user's token, unless the request narrows them. */
  audiences(this: void): readonly string[];
}

/** @param client users log in through the first-party client, which may leave out its name */
export async function grantRefreshToken(
  { refresh, audiences }: RefreshGrantDependencies,
  request: RequestContext,
  client: IdentifiedClient | null,
  members: ReadonlyMap<string, string>,
) {
  const token = members.get('refresh_token');
  if (token === undefined) throw new OAuthError('invalid_request', 'There is no refresh_token.');
  // A user's token has roles and no scope; any scope that is asked for would widen it.
  if (members.has('scope')) throw new OAuthError('invalid_scope', 'No scope was granted.');
  // Before the refresh token is spent. It goes on being good for all of them (RFC 8707 section 2.2).
  const narrowed = narrowedAudiences(audiences(), members.get('resource'));
  try {
    const id = client?.id ?? FIRST_PARTY_CLIENT;
    return await refresh(request, token, { client: id, audiences: narrowed });
  } catch (error) {
    if (error instanceof Refusal && error.code === 'invalid_refresh_token') {
      throw new OAuthError('invalid_grant', error.message, { cause: error.cause });
    }
    throw error;
  }
}
