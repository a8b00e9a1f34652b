/** What a refusal says in headers, the same for REST and tRPC. */
import type { Refusal } from '@portcullis/contracts';

const REALM = 'Bearer realm="portcullis"';
const CLIENT_REALM = 'Basic realm="portcullis", charset="UTF-8"';
/** Seconds, where a refusal that ends by itself does not say how long. */
const DEFAULT_RETRY_AFTER = 1;

/**
 * Without credentials a 401 carries no error code (RFC 6750 section 3.1); with them it says that the
 * token will not do, or that its scope does not reach.
 */
export function refusalHeaders(refusal: Refusal, offered: boolean): Record<string, string> {
  const headers: Record<string, string> = {};
  if (refusal.code === 'invalid_client') {
    headers['www-authenticate'] = CLIENT_REALM;
  } else if (refusal.code === 'login_too_old') {
    // RFC 9470 section 3: the token is good, the login behind it is too old.
    headers['www-authenticate'] = `${REALM}, error="insufficient_user_authentication"`;
  } else if (refusal.status === 401) {
    const isAboutToken = refusal.code === 'invalid_token' || refusal.code === 'token_stale';
    headers['www-authenticate'] =
      isAboutToken && offered ? `${REALM}, error="invalid_token"` : REALM;
  } else if (refusal.code === 'insufficient_scope') {
    headers['www-authenticate'] = `${REALM}, error="insufficient_scope"`;
  }
  if (refusal.retryAfter !== undefined || refusal.status === 503 || refusal.status === 429) {
    headers['retry-after'] = String(
      Math.max(1, Math.ceil(refusal.retryAfter ?? DEFAULT_RETRY_AFTER)),
    );
  }
  return headers;
}
