/** What a token must say to be accepted here (RFC 9068 section 4), time apart. */
import type { AccessTokenClaims } from '@portcullis/contracts';
import { readClaimsForm, wrongClaimsOf } from './claims-form.ts';
import { TokenFault } from './token-fault.ts';

export interface Expectations {
  /** Exactly this issuer: a slash or a capital more is another one. */
  issuer: string;
  audience: string;
  /** The verifier's own cap on `exp - iat`, in seconds, regardless of the issuer's. */
  maxTokenLifeSeconds: number;
}

/** What is wrong with a token that may be good elsewhere. */
export class OtherAudience extends TokenFault {
  readonly audience: string | readonly string[];

  constructor(audience: string | readonly string[]) {
    super('other_audience', 'for another audience');
    this.audience = audience;
  }
}

/** @throws TokenFault */
export function readClaims(
  payload: Record<string, unknown>,
  expected: Expectations,
): AccessTokenClaims {
  // First what distinguishes tokens of other issuers at the least expense.
  if (payload['iss'] !== expected.issuer) throw new TokenFault('other_issuer', 'another issuer');
  const claims = readOwnClaims(payload);
  if (!isMeantFor(claims, expected.audience)) throw new OtherAudience(claims.aud);
  const problem = problemOfLife(claims, expected.maxTokenLifeSeconds);
  if (problem !== undefined) throw new TokenFault('life_out_of_bounds', problem);
  // The same text, once for all tokens that are remembered instead of once for each.
  claims.iss = expected.issuer;
  if (claims.aud === expected.audience) claims.aud = expected.audience;
  return claims;
}

/** Their form, whatever they say of who issued them, for whom and for how long. @throws TokenFault */
export function readOwnClaims(payload: Record<string, unknown>): AccessTokenClaims {
  const claims = readClaimsForm(payload);
  if (claims === undefined) {
    const wrong = wrongClaimsOf(payload).join(', ');
    throw new TokenFault('claims_malformed', `the claims have another form: ${wrong}`);
  }
  if (claims.sid === undefined && claims.sub !== claims.client_id) {
    throw new TokenFault('claims_malformed', "a machine's subject is its client");
  }
  return claims;
}

export function isMeantFor({ aud }: Pick<AccessTokenClaims, 'aud'>, audience: string): boolean {
  return typeof aud === 'string' ? aud === audience : aud.includes(audience);
}

/** @returns what is wrong, or undefined */
export function problemOfLife(
  { exp, iat, nbf }: Pick<AccessTokenClaims, 'exp' | 'iat' | 'nbf'>,
  maxSeconds: number,
): string | undefined {
  const life = exp - iat;
  if (life <= 0 || life > maxSeconds) return 'a life beyond the cap';
  return nbf !== undefined && nbf >= exp ? 'never valid' : undefined;
}
