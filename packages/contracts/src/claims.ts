/**
 * The access token (RFC 9068): `typ` is `at+jwt`, and every claim below is required.
 *
 * Generations (`gen` of the subject, `cgen` of the client, `csgen` of what the client holds for the subject,
 * `igen` of the issuer) stand for "not before": small integers copied from the rows they belong to when the token is minted. A
 * revocation raises one of them, so that what was minted in the same second, but after, still holds.
 */
import { clientIdOf, type ClientId, type SessionId, type TokenId, type UserId } from './ids.ts';

/** Times are seconds since the epoch. */
type EveryToken = {
  iss: string;
  aud: string | string[];
  exp: number;
  iat: number;
  nbf?: number | undefined;
  jti: TokenId;
  client_id: ClientId;
  gen: number;
  cgen: number;
  igen: number;
  /** The key that the token is bound to, by its thumbprint (RFC 9449 section 6.1); absent: none. */
  cnf?: { jkt: string } | undefined;
};

/** A user's token. `client_id` is the client that the user logged in through. */
export type UserClaims = EveryToken & {
  sub: UserId;
  sid: SessionId;
  /** Their names, and nothing of what they carry: an unknown one carries nothing. */
  roles: string[];
  auth_time: number;
  amr: string[];
  /** Of what the client holds for this user; absent: 0. */
  csgen?: number | undefined;
  /** The class of the login, where the issuer names one (RFC 9068 section 2.2.1). */
  acr?: string | undefined;
  /** Where it is there, the token reaches no permission but these: it narrows, and gives nothing. */
  scope?: string | undefined;
};

/** A machine's token: the client is its own subject, and has scopes where a user has roles. */
export type MachineClaims = EveryToken & {
  sub: ClientId;
  scope: string;
  sid?: undefined;
  roles?: undefined;
  csgen?: undefined;
};

export type AccessTokenClaims = UserClaims | MachineClaims;

/** Whose token it is. only a user's token has `sid`. */
export function isUserClaims(claims: AccessTokenClaims): claims is UserClaims {
  return claims.sid !== undefined;
}

/** The client that users log in through unless they name another one. */
export const FIRST_PARTY_CLIENT: ClientId = clientIdOf('cli_first-party');
