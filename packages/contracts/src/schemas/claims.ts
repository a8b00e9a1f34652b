/** The claims of access tokens; what they mean is in ../claims.ts. */
import * as z from 'zod';
import { MAX_ROLES, MAX_SCOPE_LENGTH } from '../access.ts';
import { roleOfToken } from './access.ts';
import { clientId, sessionId, tokenId, userId } from './ids.ts';

/** Seconds since the epoch; whole, and far from where doubles lose exactness. */
const numericDate = z.int().min(1).max(253_402_300_799);
const generation = z.int().min(0).max(2_147_483_647);
const audience = z.string().min(1).max(256);

/** RFC 6749 section 3.3: words of printable characters without quotes, by single spaces; or none. */
const scope = z
  .string()
  .max(MAX_SCOPE_LENGTH)
  .regex(/^(?:[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*)?$/);

const everyToken = {
  iss: z.string().min(1).max(512),
  aud: z.union([audience, z.array(audience).min(1).max(16)]),
  exp: numericDate,
  iat: numericDate,
  nbf: numericDate.optional(),
  jti: tokenId,
  client_id: clientId,
  gen: generation,
  cgen: generation,
  igen: generation,
  /** The key that the token is bound to, by its thumbprint (RFC 9449 section 6.1); absent: none. */
  cnf: z.object({ jkt: z.string().regex(/^[A-Za-z0-9_-]{43}$/) }).optional(),
};

/** A user's token. `client_id` is the client that the user logged in through. */
export const userClaims = z.object({
  ...everyToken,
  sub: userId,
  sid: sessionId,
  roles: z.array(roleOfToken).max(MAX_ROLES),
  auth_time: numericDate,
  amr: z.array(z.string().min(1).max(16)).min(1).max(8),
  csgen: generation.optional(),
  /** RFC 9068 section 2.2.1. */
  acr: z.string().min(1).max(128).optional(),
  scope: scope.optional(),
});

/** A machine's token: the client is its own subject, and has scopes where a user has roles. */
export const machineClaims = z.object({
  ...everyToken,
  sub: clientId,
  scope,
  sid: z.undefined().optional(),
  roles: z.undefined().optional(),
  csgen: z.undefined().optional(),
});

export const accessTokenClaims = z.union([userClaims, machineClaims]);
