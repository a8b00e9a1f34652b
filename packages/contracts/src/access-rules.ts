/**
 * What roles carry: look-ups that are made when a mapping comes, so that a request makes nothing.
 *
 * Invariant: Portcullis' own roles and permissions are always there and mean the same; a mapping only adds to
 * them. `admin` carries every permission that there is.
 */
import { PERMISSIONS, type Permission, type Role } from './access.ts';

/** The adopter's roles and permissions, as the issuer numbers and signs them. */
export interface AccessMapping {
  /** Of the adopter. */
  readonly permissions: readonly string[];
  /** Of each of the adopter's roles, the permissions; of the adopter, or Portcullis' own. */
  readonly roles: Readonly<Record<string, readonly string[]>>;
}

/** `P` and `N`: the names of permissions and roles that there are. */
export interface AccessRules<P extends string = Permission, N extends string = Role> {
  /**
   * Whether any of the roles carries the permission. Unknown roles carry nothing.
   *
   * @returns undefined while that is not known: neither yes nor no may follow from it
   */
  rolesAllow(roles: readonly string[], permission: P): boolean | undefined;
  /** @returns undefined while that is not known */
  permissionsOf(role: N): ReadonlySet<string> | undefined;
}

const SUPPORT: readonly Permission[] = ['users:read', 'sessions:revoke', 'verifiers:read'];
const NONE: ReadonlySet<string> = new Set();

/** The rules of one mapping, which is known. */
export class KnownAccess implements AccessRules<string, string> {
  readonly #permissionsOf: ReadonlyMap<string, ReadonlySet<string>>;

  constructor({ permissions, roles }: AccessMapping) {
    this.#permissionsOf = new Map([
      ...Object.entries(roles).map(([role, carried]) => [role, new Set(carried)] as const),
      // Last: whatever a mapping says, it redefines none of these.
      ['support', new Set<string>(SUPPORT)],
      ['admin', new Set<string>([...PERMISSIONS, ...permissions])],
    ]);
  }

  rolesAllow(roles: readonly string[], permission: string): boolean {
    for (const role of roles) {
      if (this.#permissionsOf.get(role)?.has(permission) === true) return true;
    }
    return false;
  }

  permissionsOf(role: string): ReadonlySet<string> {
    return this.#permissionsOf.get(role) ?? NONE;
  }

  /** All that the roles carry together. */
  permissionsOfAll(roles: readonly string[]): Set<string> {
    return new Set(roles.flatMap((role) => [...this.permissionsOf(role)]));
  }
}

/** Where nothing was declared: Portcullis' own. */
export const OWN_ACCESS = new KnownAccess({ permissions: [], roles: {} });
