import {
  isUserClaims,
  Refusal,
  type AccessTokenClaims,
  type EventId,
  type UserClaims,
} from '@portcullis/contracts';
import type { TokenReader } from './read-token.ts';
import type { StandingOf } from './standing.ts';

/**
 * The private cause of a refusal whose token was good until it was taken back. Logging out twice is
 * answered by it; whatever else is asked with such a token is refused.
 */
export class TakenBack extends Error {
  override readonly name = 'TakenBack';
  readonly claims: UserClaims;
  readonly endedBy: EventId | null;

  constructor(reason: string, claims: UserClaims, endedBy: EventId | null) {
    super(reason);
    this.claims = claims;
    this.endedBy = endedBy;
  }
}

/**
 * Checks a token as of now.
 *
 * @throws Refusal `invalid_token`, or `token_stale` when a refresh would help
 */
export function createAuthenticate(read: TokenReader, standingOf: StandingOf) {
  return async (text: string): Promise<AccessTokenClaims> => {
    const token = await read(text);
    const standing = await standingOf(token);
    if (standing.holds) return token.claims;
    const { claims } = token;
    const { code, reason, mayLogOut, endedBy } = standing;
    const cause =
      mayLogOut && isUserClaims(claims)
        ? new TakenBack(reason, claims, endedBy)
        : new Error(reason);
    throw new Refusal(code, { cause });
  };
}
