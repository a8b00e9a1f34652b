import type { FastifyRequest } from '@portcullis/service';
import { OAuthError } from './oauth-error.ts';

export interface PresentedCredentials {
  id: string;
  secret: string;
}

const REFUSED = 'Client authentication failed.';

/**
 * `client_secret_basic` (RFC 6749 section 2.3.1): both parts are form-encoded before they are joined.
 *
 * @returns null when the client does not authenticate itself
 * @throws OAuthError `invalid_client`
 */
export function clientCredentialsOf(request: FastifyRequest): PresentedCredentials | null {
  const values = request.raw.headersDistinct['authorization'] ?? [];
  const [value] = values;
  if (value === undefined) return null;
  const encoded = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(value)?.[1];
  if (values.length !== 1 || encoded === undefined) throw new OAuthError('invalid_client', REFUSED);
  const text = Buffer.from(encoded, 'base64').toString();
  const colon = text.indexOf(':');
  if (colon < 1) throw new OAuthError('invalid_client', REFUSED);
  try {
    return { id: decode(text.slice(0, colon)), secret: decode(text.slice(colon + 1)) };
  } catch (cause) {
    throw new OAuthError('invalid_client', REFUSED, { cause });
  }
}

function decode(part: string): string {
  return decodeURIComponent(part.replaceAll('+', ' '));
}
