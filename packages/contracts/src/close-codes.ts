/**
 * Why a WebSocket was closed by us, in the range that RFC 6455 section 7.4.2 leaves to applications.
 * Most end in the digits of the HTTP status that a request would have got.
 *
 * The first three are final. After the others a client may connect again: after `token_stale` with a
 * refreshed token, after `invalid_dpop_proof` with a proof of its own for that request, after the rest in a while.
 */
import type { ErrorCode } from './errors.ts';

export const CLOSE_CODES = {
  /** Final: the token was revoked, or never held. The session that it came from is over. */
  invalid_token: 4401,
  /** The token was never allowed this. Another session may be. */
  insufficient_scope: 4403,
  /** The cookie came with a page of another site. */
  cross_site: 4412,
  /** The token has expired, or its claims have changed: refresh, then connect again. */
  token_stale: 4408,
  /** The proof of a bound token does not do: make another one, by the right clock, then connect again. */
  invalid_dpop_proof: 4411,
  /** Too many connections: wait, then connect again. */
  rate_limited: 4429,
  /** The service cannot be sure of any token at the moment: wait, then connect again. */
  verifier_stale: 4503,
  /** The service stops or has failed: connect again, to another instance perhaps. */
  unavailable: 4500,
} as const satisfies Partial<Record<ErrorCode, number>>;
export type CloseReason = keyof typeof CLOSE_CODES;

/** On these a client must not connect again with the same session. */
export const FINAL_CLOSE_CODES: ReadonlySet<number> = new Set([
  CLOSE_CODES.invalid_token,
  CLOSE_CODES.insufficient_scope,
  CLOSE_CODES.cross_site,
]);

const CODES = {
  ...CLOSE_CODES,
  // The login behind the token does not do: final for this session, and not for another one.
  login_too_old: CLOSE_CODES.insufficient_scope,
  login_too_weak: CLOSE_CODES.insufficient_scope,
  use_dpop_nonce: CLOSE_CODES.invalid_dpop_proof,
} as const;

/** The close code for a refusal; one that has none of its own is `unavailable`. */
export function closeCodeOf(code: ErrorCode): number {
  const codes: Partial<Record<ErrorCode, number>> = CODES;
  return codes[code] ?? CLOSE_CODES.unavailable;
}
