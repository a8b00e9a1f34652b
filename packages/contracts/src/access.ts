/**
 * Roles and permissions: the names that are Portcullis' own, and the form of all others, which are the adopter's
 * (access-config.ts).
 *
 * A user has roles, and through them permissions; a machine client has permissions as the scopes
 * of its token.
 */

export const PERMISSIONS = [
  'users:read',
  'users:write',
  'users:delete',
  /** A name that its owner has changed at the user service. */
  'users:rename',
  'roles:write',
  'sessions:revoke',
  'verifiers:read',
  'keys:write',
  'audit:read',
  'clients:read',
  'clients:write',
  /** Grants and snapshots over HTTP, for verifiers. */
  'revocations:read',
  /** RFC 7662. */
  'tokens:introspect',
] as const;
/** A permission of Portcullis' own. */
export type Permission = (typeof PERMISSIONS)[number];

const OWN_PERMISSIONS: ReadonlySet<unknown> = new Set(PERMISSIONS);

export function isOwnPermission(value: unknown): value is Permission {
  return OWN_PERMISSIONS.has(value);
}

export const ROLES = ['admin', 'support'] as const;
/** A role of Portcullis' own. */
export type Role = (typeof ROLES)[number];

const OWN_ROLES: ReadonlySet<unknown> = new Set(ROLES);

export function isOwnRole(value: unknown): value is Role {
  return OWN_ROLES.has(value);
}

/** The most roles that an account may have, and a token. */
export const MAX_ROLES = 16;
/** The most characters that the scope of a token may have. */
export const MAX_SCOPE_LENGTH = 1_024;
/** The greatest number of a mapping of roles. */
export const MAX_ACCESS_NUMBER = 2_147_483_647;
/** The form of a role, of a permission and of a scope that is neither, as they are declared and given. */
export const ROLE_NAME = /^[a-z][a-z0-9_-]{0,31}$/;
export const PERMISSION_NAME = /^[a-z][a-z0-9._:-]{0,63}$/;

export function isRoleName(value: unknown): value is string {
  return typeof value === 'string' && ROLE_NAME.test(value);
}

export function isPermissionName(value: unknown): value is string {
  return typeof value === 'string' && PERMISSION_NAME.test(value);
}
