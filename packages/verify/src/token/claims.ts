/** What a token must say to be accepted here (RFC 9068 section 4), time apart. */
import { accessTokenClaims, type AccessTokenClaims } from '@portcullis/contracts';

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
  const parsed = accessTokenClaims.safeParse(payload);
  if (!parsed.success) throw new Error('the claims have another form', { cause: parsed.error });
  const claims = parsed.data;
  if (claims.iss !== expected.issuer) throw new Error('another issuer');
  const { aud } = claims;
  const meant =
    typeof aud === 'string' ? aud === expected.audience : aud.includes(expected.audience);
  if (!meant) throw new Error('for another audience');
  const life = claims.exp - claims.iat;
  if (life <= 0 || life > expected.maxTokenLifeSeconds) throw new Error('a life beyond the cap');
  if (claims.sid === undefined && claims.sub !== claims.client_id) {
    throw new Error("a machine's subject is its client");
  }
  return claims;
}
