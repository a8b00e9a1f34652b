/** The answers that have an access token. */
import type { Tokens } from '@portcullis/api';
import type { SessionId } from '@portcullis/contracts';
import type { MintedToken } from './mint.ts';

/** What each of them says of it (RFC 6749 section 5.1). */
export function tokenResponse({ accessToken, tokenType, expiresIn }: MintedToken) {
  return { access_token: accessToken, token_type: tokenType, expires_in: expiresIn };
}

/** The answer to a login or a refresh: it has the session's refresh token besides. */
export function sessionResponse(
  minted: MintedToken,
  refreshToken: { readonly text: string; readonly sessionId: SessionId },
): Tokens {
  return {
    ...tokenResponse(minted),
    refresh_token: refreshToken.text,
    session_id: refreshToken.sessionId,
  };
}
