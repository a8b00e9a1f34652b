/** Which refusals say that the request would be answered with a newer token. */

export function isAboutToken(code: string): boolean {
  return code === 'invalid_token' || code === 'token_stale';
}

/**
 * By the challenge of a 401 (RFC 6750 section 3): one that names another error is about something else, a proof or a login
 * that is too old. One that names none was made for a request without a token, an expired cookie say; and a page of another
 * origin may not see any.
 */
export function isChallengedForToken(headers: Headers): boolean {
  const named = /\berror="([^"]*)"/.exec(headers.get('www-authenticate') ?? '')?.[1];
  return named === undefined || named === 'invalid_token';
}
