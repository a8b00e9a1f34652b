import { OAuthError } from './oauth-error.ts';

/**
 * RFC 8707 section 2: the one resource that was asked for, if a token may be had for it; all of them
 * unless any was asked for. So a token can be narrowed to a service, and never widened.
 *
 * @throws OAuthError `invalid_target`
 */
export function narrowedAudiences(
  allowed: readonly string[],
  resource: string | undefined,
): readonly string[] {
  if (resource === undefined) return allowed;
  if (!allowed.includes(resource)) {
    throw new OAuthError('invalid_target', 'No token is issued for this resource.');
  }
  return [resource];
}
