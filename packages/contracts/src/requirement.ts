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
  if (!isUserClaims(claims)) return 'scope' in required ? 'scope_missing' : 'other_caller';
  if ('scope' in required && !('users' in required)) return 'other_caller';
  return isNarrowed(claims, required) ? 'scope_missing' : 'permission_missing';
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
  if ('scope' in required && !('users' in required)) return false;
  if (isNarrowed(claims, required)) return false;
  if ('role' in required) return claims.roles.includes(required.role);
  const allowed = access.rolesAllow(claims.roles, wantedBy(required));
  if (allowed === undefined) {
    const cause = new Error('it is not known what the roles carry');
    throw new Refusal('unavailable', { retryAfter: 1, cause, reason: 'roles_unknown' });
  }
  return allowed;
}

type OfRoles = Exclude<Requirement<string, string>, string>;

/** Whether the scope of a user's token leaves it out. A role is no permission that a scope could name. */
function isNarrowed({ scope }: UserClaims, required: OfRoles): boolean {
  if (scope === undefined) return false;
  return 'role' in required || !scopeHas(scope, wantedBy(required));
}

function wantedBy(required: Exclude<OfRoles, { role: string }>): string {
  return 'permission' in required ? required.permission : required.scope;
}

/** Of words by single spaces (RFC 6749 section 3.3). */
function scopeHas(scope: string, wanted: string): boolean {
  return scope.split(' ').includes(wanted);
}
