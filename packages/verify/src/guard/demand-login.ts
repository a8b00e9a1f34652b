/** Step-up (RFC 9470): what the login behind a token has to be. */
import { isUserClaims, Refusal, type AccessTokenClaims } from '@portcullis/contracts';
import type { LoginDemands } from './options.ts';

/**
 * @param issuerNowMs milliseconds since the epoch, by the issuer's clock; minus infinity before its first word
 * @throws Refusal `login_too_old` and `login_too_weak`, with what would do; `insufficient_scope` for a client;
 *   `verifier_stale` while no age can be judged
 */
export function demandLogin(
  claims: AccessTokenClaims,
  { acr, maxAgeSeconds }: LoginDemands,
  issuerNowMs = Number.NEGATIVE_INFINITY,
): void {
  if (!isUserClaims(claims)) throw new Refusal('insufficient_scope', { reason: 'other_caller' });
  const demanded = { acr_values: acr?.join(' '), max_age: maxAgeSeconds };
  if (acr !== undefined && (claims.acr === undefined || !acr.includes(claims.acr))) {
    throw new Refusal('login_too_weak', { demanded, reason: 'login_too_weak' });
  }
  if (maxAgeSeconds === undefined) return;
  if (!Number.isFinite(issuerNowMs)) {
    throw new Refusal('verifier_stale', { retryAfter: 1, reason: 'not_ready' });
  }
  if (issuerNowMs / 1_000 - claims.auth_time > maxAgeSeconds) {
    throw new Refusal('login_too_old', { demanded, reason: 'login_too_old' });
  }
}
