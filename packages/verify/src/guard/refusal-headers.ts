/** What a refusal says in the headers of its answer. */
import type { Demanded, Refusal } from '@portcullis/contracts';
import { DPOP_ALGORITHMS } from '../proof/dpop-proof.ts';

/** How the request that was refused offered a token. */
export type OfferedScheme = 'bearer' | 'dpop' | 'none';

/** With the names in small letters; each only where there is a reason for it. */
export type RefusalHeaders = Partial<
  Record<'www-authenticate' | 'retry-after' | 'dpop-nonce', string>
>;

const BEARER = 'Bearer realm="portcullis"';
const DPOP = `DPoP algs="${DPOP_ALGORITHMS.join(' ')}"`;
/** Of a client, which has no token yet (RFC 6749 section 5.2, RFC 7617 section 2.1). */
const CLIENT = 'Basic realm="portcullis", charset="UTF-8"';
/** Seconds, where a refusal that ends by itself does not say how long. */
const DEFAULT_RETRY_AFTER_S = 1;

/** The codes that a challenge names (RFC 6750 section 3.1, RFC 9449 sections 7.1 and 9). */
const CHALLENGES: Partial<Record<Refusal['code'], string>> = {
  invalid_token: 'invalid_token',
  token_stale: 'invalid_token',
  invalid_dpop_proof: 'invalid_dpop_proof',
  use_dpop_nonce: 'use_dpop_nonce',
};

/** The token is good, and does not reach: 403 by RFC 6750 section 3.1, 401 by RFC 9470 section 3. */
const STEP_UPS: Partial<Record<Refusal['code'], string>> = {
  insufficient_scope: 'insufficient_scope',
  login_too_old: 'insufficient_user_authentication',
  login_too_weak: 'insufficient_user_authentication',
};

/** @param scheme what the request offered; `none` for one without a token */
export function refusalHeaders(refusal: Refusal, scheme: OfferedScheme): RefusalHeaders {
  const headers: RefusalHeaders = {};
  const challenge = challengeOf(refusal, scheme);
  if (challenge !== undefined) headers['www-authenticate'] = challenge;
  if (refusal.retryAfter !== undefined || refusal.status === 503 || refusal.status === 429) {
    headers['retry-after'] = String(
      Math.max(1, Math.ceil(refusal.retryAfter ?? DEFAULT_RETRY_AFTER_S)),
    );
  }
  if (refusal.dpopNonce !== undefined) headers['dpop-nonce'] = refusal.dpopNonce;
  return headers;
}

/**
 * Without credentials a 401 carries no error code; with them it says that the token or its proof will
 * not do, or that its scope does not reach. Both schemes are offered, that of the request first
 * (RFC 9449 section 7.2).
 */
function challengeOf(refusal: Refusal, scheme: OfferedScheme): string | undefined {
  if (refusal.code === 'invalid_client') return CLIENT;
  const stepUp = STEP_UPS[refusal.code];
  if (stepUp !== undefined) {
    const own = scheme === 'dpop' ? DPOP : BEARER;
    return `${own}, error="${stepUp}"${parametersOf(refusal.demanded)}`;
  }
  if (refusal.status !== 401) return undefined;
  const named = CHALLENGES[refusal.code];
  if (named === 'use_dpop_nonce' || named === 'invalid_dpop_proof' || scheme === 'dpop') {
    return named === undefined ? DPOP : `${DPOP}, error="${named}"`;
  }
  const error = named !== undefined && scheme !== 'none' ? `, error="${named}"` : '';
  return `${BEARER}${error}, ${DPOP}`;
}

function parametersOf({ scope, acr_values, max_age }: Demanded): string {
  return Object.entries({ scope, acr_values, max_age })
    .map(([name, value]) => (value === undefined ? '' : `, ${name}="${value}"`))
    .join('');
}
