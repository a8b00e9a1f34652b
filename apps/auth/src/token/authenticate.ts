import {
  isUserClaims,
  Refusal,
  type AccessTokenClaims,
  type EventId,
  type UserClaims,
} from '@portcullis/contracts';
import type { Possession } from '@portcullis/verify';
import type { PossessionGuard } from '@portcullis/verify/proof';
import type { ReadTokenOf } from './read-token.ts';
import type { TokenStatusOf } from './token-status.ts';

/**
 * The private cause of a refusal whose token was good until it was revoked. Logging out twice is
 * answered by it; every other request with such a token is refused.
 */
export class RevokedTokenCause extends Error {
  override readonly name = 'RevokedTokenCause';
  readonly claims: UserClaims;
  readonly endedBy: EventId | null;

  constructor(reason: string, claims: UserClaims, endedBy: EventId | null) {
    super(reason);
    this.claims = claims;
    this.endedBy = endedBy;
  }
}

export type CheckPossession = PossessionGuard['check'];

/**
 * Checks a token as of now, and whether its bearer holds the bound key: for a token that is only asked
 * about, no proof of the key is needed.
 *
 * @throws Refusal `invalid_token`, `invalid_dpop_proof`, or `token_stale` when a refresh would help
 */
export function createAuthenticate(
  read: ReadTokenOf,
  tokenStatusOf: TokenStatusOf,
  checkPossession?: CheckPossession,
) {
  return async (text: string, possession?: Possession): Promise<AccessTokenClaims> => {
    const token = await read(text);
    checkPossession?.(text, token.claims, possession);
    const status = await tokenStatusOf(token);
    if (status.holds) return token.claims;
    const { claims } = token;
    const { code, reason, message, mayLogOut, endedBy } = status;
    const cause =
      mayLogOut && isUserClaims(claims)
        ? new RevokedTokenCause(message, claims, endedBy)
        : new Error(message);
    throw new Refusal(code, { cause, reason });
  };
}
