/** RFC 6749 section 4.1.3, for first-party applications: public clients, with PKCE. */
import type { RequestContext } from '@portcullis/api';
import { Refusal } from '@portcullis/contracts';
import type { ExchangeCode } from './exchange-code.ts';
import type { IdentifiedClient } from './identify-client.ts';
import { narrowedAudiences } from './narrowed-audiences.ts';
import { OAuthError } from './oauth-error.ts';

export interface CodeGrantDependencies {
  exchangeCode: ExchangeCode;
  /** The audiences of a user's token, unless the request narrows them. */
  audiences(this: void): readonly string[];
}

/** @param client has to be named (section 4.1.3); it has no way to prove who it is, and its verifier does */
export async function grantAuthorizationCode(
  { exchangeCode, audiences }: CodeGrantDependencies,
  request: RequestContext,
  client: IdentifiedClient | null,
  members: ReadonlyMap<string, string>,
) {
  if (client === null) throw new OAuthError('invalid_client', 'The client is not named.');
  const code = members.get('code');
  const verifier = members.get('code_verifier');
  const redirectUri = members.get('redirect_uri');
  if (code === undefined || verifier === undefined || redirectUri === undefined) {
    const text = 'A code comes with its code_verifier and its redirect_uri.';
    throw new OAuthError('invalid_request', text);
  }
  // Before the code is used up. The refresh token goes on being good for all of them (RFC 8707 section 2.2).
  const narrowed = narrowedAudiences(audiences(), members.get('resource'));
  try {
    const offered = { code, verifier, client: client.id, redirectUri, audiences: narrowed };
    return await exchangeCode(request, offered);
  } catch (error) {
    if (error instanceof Refusal && error.code === 'invalid_code') {
      throw new OAuthError('invalid_grant', error.message, { cause: error.cause });
    }
    throw error;
  }
}
