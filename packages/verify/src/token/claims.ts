/** What a token must say to be accepted here (RFC 9068 section 4), time apart. */
import { machineClaims, userClaims, type AccessTokenClaims } from '@portcullis/contracts';

export interface Expectations {
  /** Exactly this issuer: a slash or a capital more is another one. */
  issuer: string;
  audience: string;
  /** The verifier's own cap on `exp - iat`, in seconds, whatever the issuer meant. */
  maxTokenLifeSeconds: number;
}

/** @throws Error with a private reason; the caller turns it into `invalid_token` */
export function readClaims(
  payload: Record<string, unknown>,
  expected: Expectations,
): AccessTokenClaims {
  // First what tells tokens of others apart at the least expense.
  if (payload['iss'] !== expected.issuer) throw new Error('another issuer');
  // A person's token has a session, a machine's has none; so only one of the two can fit.
  const kind = payload['sid'] === undefined ? machineClaims : userClaims;
  const parsed = kind.safeParse(payload);
  if (!parsed.success) throw new Error('the claims have another form', { cause: parsed.error });
  const claims = parsed.data;
  const { aud, exp, iat, nbf } = claims;
  const meant =
    typeof aud === 'string' ? aud === expected.audience : aud.includes(expected.audience);
  if (!meant) throw new Error('for another audience');
  const life = exp - iat;
  if (life <= 0 || life > expected.maxTokenLifeSeconds) throw new Error('a life beyond the cap');
  if (nbf !== undefined && nbf >= exp) throw new Error('never valid');
  if (claims.sid === undefined && claims.sub !== claims.client_id) {
    throw new Error("a machine's subject is its client");
  }
  return claims;
}
