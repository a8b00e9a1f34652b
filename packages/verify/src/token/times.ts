/** Whether it is a token's time (RFC 7519 sections 4.1.4 to 4.1.6). */
import type { AccessTokenClaims, RefusalReason } from '@portcullis/contracts';

/** `iat` and `nbf` may lie this far ahead of what the issuer's clock is known to be at least. Milliseconds. */
const MAX_SKEW_MS = 5_000;

/** As the private cause has it. */
export type TimeProblem = 'expired' | 'issued in the future' | 'not valid yet';

/**
 * @param now milliseconds since the epoch
 * @returns what is wrong, or undefined
 */
export function problemOfTimes(
  { exp, iat, nbf }: Pick<AccessTokenClaims, 'exp' | 'iat' | 'nbf'>,
  now: number,
): TimeProblem | undefined {
  if (exp * 1_000 <= now) return 'expired';
  if (iat * 1_000 > now + MAX_SKEW_MS) return 'issued in the future';
  if (nbf !== undefined && nbf * 1_000 > now + MAX_SKEW_MS) return 'not valid yet';
  return undefined;
}

export function reasonOfTimes(problem: TimeProblem): RefusalReason {
  return problem === 'expired' ? 'expired' : 'not_valid_yet';
}
