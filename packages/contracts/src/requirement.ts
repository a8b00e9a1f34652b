/** What an operation requires of its caller, and whether the claims of a token meet it: once, for every guard. */
import type { Permission, Role } from './access.ts';
import { OWN_ACCESS, type AccessRules } from './access-rules.ts';
import {
  isUserClaims,
  type AccessTokenClaims,
  type MachineClaims,
  type UserClaims,
} from './claims.ts';
import { Refusal } from './errors.ts';
import type { RefusalReason } from './refusal-reasons.ts';

/** `P` and `N`: the names of permissions and roles that there are. */
export type Requirement<P extends string = Permission, N extends string = Role> =
  /** Any user, any client, or either of them. */
  | 'user'
  | 'client'
  | 'any'
  /** A user one of whose roles carries it, unless a scope in the token leaves it out. */
  | { permission: P }
  /** A user who has it, with a token that no scope narrows. */
  | { role: N }
  /** A client whose token has it (RFC 6749 section 3.3). */
  | { scope: string; users?: never }
  /** The same, and every user who meets `{ permission }` of this name: a scope gives a user nothing. */
  | { scope: P; users: true };

/** The claims of a caller that meets the requirement. */
export type ClaimsOf<R extends Requirement<string, string>> = R extends
  'any' | { scope: string; users: true }
  ? AccessTokenClaims
  : R extends 'client' | { scope: string }
    ? MachineClaims
    : UserClaims;

/** What decides for a user: what the roles carry, as far as that is known. */
export type RolesAllow = Pick<AccessRules<string, string>, 'rolesAllow'>;

/**
 * @param access what roles carry; Portcullis' own unless given
 * @returns the claims, which meet it
 * @throws Refusal `insufficient_scope`, with the scope that would do where one is required (RFC 6750 section 3);
 *   `unavailable` while it is not known what the roles carry
 */
export function demandRequirement<const R extends Requirement<string, string>>(
  claims: AccessTokenClaims,
  required: R,
  access: RolesAllow = OWN_ACCESS,
): ClaimsOf<R> {
  if (meets(claims, required, access)) return claims;
  const reason = reasonFor(claims, required);
  throw new Refusal('insufficient_scope', { reason, demanded: { scope: scopeOf(required) } });
}

function reasonFor(
  claims: AccessTokenClaims,
  required: Requirement<string, string>,
): RefusalReason {
  if (typeof required !== 'object') return 'other_caller';
  const isUser = isUserClaims(claims);
  if (!isUser) return 'scope' in required ? 'scope_missing' : 'other_caller';
  return 'scope' in required && !('users' in required) ? 'other_caller' : 'permission_missing';
}

function scopeOf(required: Requirement<string, string>): string | undefined {
  return typeof required === 'object' && 'scope' in required ? required.scope : undefined;
}

function meets<R extends Requirement<string, string>>(
  claims: AccessTokenClaims,
  required: R,
  access: RolesAllow,
): claims is ClaimsOf<R> {
  return isUserClaims(claims) ? userMeets(claims, required, access) : clientMeets(claims, required);
}

function clientMeets(claims: MachineClaims, required: Requirement<string, string>): boolean {
  if (required === 'any' || required === 'client') return true;
  if (typeof required !== 'object' || !('scope' in required)) return false;
  return scopeHas(claims.scope, required.scope);
}

function userMeets(
  claims: UserClaims,
  required: Requirement<string, string>,
  access: RolesAllow,
): boolean {
  if (required === 'any' || required === 'user') return true;
  if (typeof required !== 'object') return false;
  const { roles, scope } = claims;
  // It names no permission, so a narrowed token cannot be seen to reach it.
  if ('role' in required) return scope === undefined && roles.includes(required.role);
  if ('scope' in required && !('users' in required)) return false;
  const wanted = 'permission' in required ? required.permission : required.scope;
  if (scope !== undefined && !scopeHas(scope, wanted)) return false;
  const allowed = access.rolesAllow(roles, wanted);
  if (allowed === undefined) {
    const cause = new Error('it is not known what the roles carry');
    throw new Refusal('unavailable', { retryAfter: 1, cause });
  }
  return allowed;
}

/** Of words by single spaces (RFC 6749 section 3.3). */
function scopeHas(scope: string, wanted: string): boolean {
  return scope.split(' ').includes(wanted);
}
