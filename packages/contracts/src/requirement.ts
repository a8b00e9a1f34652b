/** What an operation requires of its caller, and whether the claims of a token meet it: once, for every guard. */
import { rolesAllow, type Permission, type Role } from './access.ts';
import {
  isUserClaims,
  type AccessTokenClaims,
  type MachineClaims,
  type UserClaims,
} from './claims.ts';
import { Refusal } from './errors.ts';

/** `P` and `N`: the names of permissions and roles that there are. */
export type Requirement<P extends string = Permission, N extends string = Role> =
  /** Any user, any client, or either of them. */
  | 'user'
  | 'client'
  | 'any'
  /** A user one of whose roles carries it. */
  | { permission: P }
  /** A user who has it. */
  | { role: N }
  /** A client whose token has it (RFC 6749 section 3.3). */
  | { scope: string };

/** The claims of a caller that meets the requirement. */
export type ClaimsOf<R extends Requirement<string, string>> = R extends 'any'
  ? AccessTokenClaims
  : R extends 'client' | { scope: string }
    ? MachineClaims
    : UserClaims;

/**
 * @returns the claims, which meet it
 * @throws Refusal `insufficient_scope`, with the scope that would do where one is required (RFC 6750 section 3)
 */
export function demandRequirement<const R extends Requirement>(
  claims: AccessTokenClaims,
  required: R,
): ClaimsOf<R> {
  if (meets(claims, required)) return claims;
  throw new Refusal('insufficient_scope', { demanded: { scope: scopeOf(required) } });
}

function scopeOf(required: Requirement): string | undefined {
  return typeof required === 'object' && 'scope' in required ? required.scope : undefined;
}

function meets<R extends Requirement>(
  claims: AccessTokenClaims,
  required: R,
): claims is ClaimsOf<R> {
  return holds(claims, required);
}

function holds(claims: AccessTokenClaims, required: Requirement): boolean {
  if (required === 'any') return true;
  if (!isUserClaims(claims)) {
    if (required === 'client') return true;
    return (
      typeof required === 'object' &&
      'scope' in required &&
      claims.scope.split(' ').includes(required.scope)
    );
  }
  if (required === 'user') return true;
  if (typeof required !== 'object') return false;
  if ('permission' in required) return rolesAllow(claims.roles, required.permission);
  return 'role' in required && claims.roles.includes(required.role);
}
