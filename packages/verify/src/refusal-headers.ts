/** What a refusal says in the headers of its answer. */
import type { Refusal } from '@portcullis/contracts';
import { DPOP_ALGORITHMS } from './proof/dpop-proof.ts';

/** How the request that was refused offered a token. */
export type OfferedScheme = 'bearer' | 'dpop' | 'none';

const BEARER = 'Bearer realm="portcullis"';
const DPOP = `DPoP algs="${DPOP_ALGORITHMS.join(' ')}"`;
/** Seconds, where a refusal that ends by itself does not say how long. */
const DEFAULT_RETRY_AFTER_S = 1;

/** The codes that a challenge names (RFC 6750 section 3.1, RFC 9449 sections 7.1 and 9). */
const CHALLENGES: Partial<Record<Refusal['code'], string>> = {
  invalid_token: 'invalid_token',
  token_stale: 'invalid_token',
  invalid_dpop_proof: 'invalid_dpop_proof',
  use_dpop_nonce: 'use_dpop_nonce',
};

/**
 * `www-authenticate` and `retry-after`, where there is a reason for them; for every framework.
 *
 * @param scheme what the request offered; `none` for one without a token
 * @example
 * reply.code(refusal.status).headers(refusalHeaders(refusal, 'bearer')).send(refusal.toBody(requestId))
 */
export function refusalHeaders(refusal: Refusal, scheme: OfferedScheme): Record<string, string> {
  const headers: Record<string, string> = {};
  const challenge = challengeOf(refusal, scheme);
  if (challenge !== undefined) headers['www-authenticate'] = challenge;
  if (refusal.retryAfter !== undefined || refusal.status === 503 || refusal.status === 429) {
    headers['retry-after'] = String(
      Math.max(1, Math.ceil(refusal.retryAfter ?? DEFAULT_RETRY_AFTER_S)),
    );
  }
  return headers;
}

/**
 * Without credentials a 401 carries no error code; with them it says that the token or its proof will
 * not do, or that its scope does not reach. Both schemes are offered, that of the request first
 * (RFC 9449 section 7.2).
 */
function challengeOf(refusal: Refusal, scheme: OfferedScheme): string | undefined {
  const own = scheme === 'dpop' ? DPOP : BEARER;
  if (refusal.code === 'insufficient_scope') return `${own}, error="insufficient_scope"`;
  if (refusal.code === 'login_too_old') {
    // RFC 9470 section 3: the token is good, the login behind it is too old.
    return `${own}, error="insufficient_user_authentication"`;
  }
  if (refusal.status !== 401) return undefined;
  const named = CHALLENGES[refusal.code];
  if (named === 'use_dpop_nonce' || named === 'invalid_dpop_proof' || scheme === 'dpop') {
    return named === undefined ? DPOP : `${DPOP}, error="${named}"`;
  }
  const error = named !== undefined && scheme !== 'none' ? `, error="${named}"` : '';
  return `${BEARER}${error}, ${DPOP}`;
}
