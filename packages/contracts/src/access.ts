/**
 * Roles and permissions, typed in one place. An unknown one does not compile, and does not parse.
 *
 * A user has roles, and through them permissions; a machine client has permissions as the scopes
 * of its token.
 */
import * as z from 'zod';

export const permission = z.enum([
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
]);
export type Permission = z.infer<typeof permission>;

export const role = z.enum(['admin', 'support']);
export type Role = z.infer<typeof role>;

const ROLES: ReadonlySet<unknown> = new Set(role.options);

export function isRole(value: unknown): value is Role {
  return ROLES.has(value);
}

const PERMISSIONS_OF: Readonly<Record<Role, ReadonlySet<Permission>>> = {
  admin: new Set(permission.options),
  support: new Set<Permission>(['users:read', 'sessions:revoke', 'verifiers:read']),
};

/** Whether any of the roles carries the permission. */
export function rolesAllow(roles: readonly Role[], wanted: Permission): boolean {
  return roles.some((name) => PERMISSIONS_OF[name].has(wanted));
}
