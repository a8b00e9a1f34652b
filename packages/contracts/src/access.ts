/**
 * Roles and permissions, typed in one place. An unknown one does not compile, and does not parse.
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
export type Permission = (typeof PERMISSIONS)[number];

const KNOWN_PERMISSIONS: ReadonlySet<unknown> = new Set(PERMISSIONS);

export function isPermission(value: unknown): value is Permission {
  return KNOWN_PERMISSIONS.has(value);
}

export const ROLES = ['admin', 'support'] as const;
export type Role = (typeof ROLES)[number];

const KNOWN_ROLES: ReadonlySet<unknown> = new Set(ROLES);

export function isRole(value: unknown): value is Role {
  return KNOWN_ROLES.has(value);
}

const PERMISSIONS_OF: Readonly<Record<Role, ReadonlySet<Permission>>> = {
  admin: new Set(PERMISSIONS),
  support: new Set<Permission>(['users:read', 'sessions:revoke', 'verifiers:read']),
};

/** Whether any of the roles carries the permission. */
export function rolesAllow(roles: readonly Role[], wanted: Permission): boolean {
  return roles.some((name) => PERMISSIONS_OF[name].has(wanted));
}
