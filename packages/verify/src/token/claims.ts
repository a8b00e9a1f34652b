/** What a token must say to be accepted here (RFC 9068 section 4), time apart. */
import type { AccessTokenClaims } from '@portcullis/contracts';
import { readClaimsForm, wrongClaimsOf } from './claims-form.ts';

export interface Expectations {
  /** Exactly this issuer: a slash or a capital more is another one. */
  issuer: string;
  audience: string;
  /** The verifier's own cap on `exp - iat`, in seconds, regardless of the issuer's. */
  maxTokenLifeSeconds: number;
}

/** What is wrong with a token that may be good elsewhere. */
export class OtherAudience extends Error {
  readonly audience: string | readonly string[];

  constructor(audience: string | readonly string[]) {
    super('for another audience');
    this.audience = audience;
  }
}

/** @throws Error with a private reason; the caller turns it into `invalid_token` */
export function readClaims(
  payload: Record<string, unknown>,
  expected: Expectations,
): AccessTokenClaims {
  // First what distinguishes tokens of other issuers at the least expense.
  if (payload['iss'] !== expected.issuer) throw new Error('another issuer');
  const claims = readClaimsForm(payload);
  if (claims === undefined) {
    throw new Error(`the claims have another form: ${wrongClaimsOf(payload).join(', ')}`);
  }
  const { aud, exp, iat, nbf } = claims;
  const meant =
    typeof aud === 'string' ? aud === expected.audience : aud.includes(expected.audience);
  if (!meant) throw new OtherAudience(aud);
  const life = exp - iat;
  if (life <= 0 || life > expected.maxTokenLifeSeconds) throw new Error('a life beyond the cap');
  if (nbf !== undefined && nbf >= exp) throw new Error('never valid');
  if (claims.sid === undefined && claims.sub !== claims.client_id) {
    throw new Error("a machine's subject is its client");
  }
  // The same text, once for all tokens that are remembered instead of once for each.
  claims.iss = expected.issuer;
  if (claims.aud === expected.audience) claims.aud = expected.audience;
  return claims;
}
