/** What a refusal says in the headers of its answer. */
import type { Demanded, Refusal } from '@portcullis/contracts';
import { DPOP_ALGORITHMS } from '../proof/dpop-algorithms.ts';

/** How the request that was refused offered a token. */
export type OfferedScheme = 'bearer' | 'dpop' | 'none';

/** With the names in small letters; each only where there is a reason for it. */
export type RefusalHeaders = Partial<
  Record<
    'www-authenticate' | 'retry-after' | 'dpop-nonce' | 'cache-control' | 'x-request-id',
    string
  >
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

/** For these another proof is all that is needed, whatever the request has offered. */
const PROOF_ERRORS: ReadonlySet<Refusal['code']> = new Set([
  'invalid_dpop_proof',
  'use_dpop_nonce',
]);

/** The token is good, and does not reach: 403 by RFC 6750 section 3.1, 401 by RFC 9470 section 3. */
const STEP_UPS: Partial<Record<Refusal['code'], string>> = {
  insufficient_scope: 'insufficient_scope',
  login_too_old: 'insufficient_user_authentication',
  login_too_weak: 'insufficient_user_authentication',
};

/**
 * @param scheme what the request offered; `none` for one without a token
 * @param takesProofs whether a bound token can be good here; it can unless said otherwise
 */
export function refusalHeaders(
  refusal: Refusal,
  scheme: OfferedScheme,
  takesProofs = true,
): RefusalHeaders {
  const headers: RefusalHeaders = {};
  const challenge = challengeOf(refusal, scheme, takesProofs);
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
 * Without credentials a 401 carries no error code; with them it says that the token or its proof will not do, or
 * that its scope does not reach. To a bearer, and to a request without a token, both schemes are offered; to
 * a request under the `DPoP` scheme that one alone (RFC 9449 section 7.1). Where no proof can be good,
 * bearers are all that is offered.
 */
function challengeOf(
  refusal: Refusal,
  scheme: OfferedScheme,
  takesProofs: boolean,
): string | undefined {
  if (refusal.code === 'invalid_client') return CLIENT;
  const isBound = scheme === 'dpop' && takesProofs;
  const stepUp = STEP_UPS[refusal.code];
  if (stepUp !== undefined) {
    return `${isBound ? DPOP : BEARER}, error="${stepUp}"${parametersOf(refusal.demanded)}`;
  }
  if (refusal.status !== 401) return undefined;
  const named = CHALLENGES[refusal.code];
  const error = named === undefined ? '' : `, error="${named}"`;
  if (takesProofs && (isBound || PROOF_ERRORS.has(refusal.code))) return `${DPOP}${error}`;
  const bearer = `${BEARER}${scheme === 'bearer' ? error : ''}`;
  return takesProofs ? `${bearer}, ${DPOP}` : bearer;
}

function parametersOf({ scope, acr_values, max_age }: Demanded): string {
  return Object.entries({ scope, acr_values, max_age })
    .map(([name, value]) => (value === undefined ? '' : `, ${name}="${value}"`))
    .join('');
}
