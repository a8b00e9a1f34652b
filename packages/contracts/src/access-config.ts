/**
 * `portcullis.config.ts`: the roles, permissions and scopes of an adopter, and what may be wrong with them.
 *
 * Portcullis' own are always there and are not declared. Every fault is found in one go, each with its key.
 */
import {
  isOwnPermission,
  isOwnRole,
  isPermissionName,
  isRoleName,
  MAX_ACCESS_NUMBER,
  type Permission,
  type Role,
} from './access.ts';
import type { AccessMapping } from './access-rules.ts';
import { isRecord } from './is-record.ts';

/** As services read it: JSON, which `npm run config` makes of `portcullis.config.ts`. */
export interface AccessConfig<
  P extends string = string,
  N extends string = string,
  S extends string = string,
> extends AccessMapping {
  /** Raised with every change of what follows; 0 where nothing is declared. */
  readonly number: number;
  readonly permissions: readonly P[];
  readonly roles: Readonly<Record<N, readonly (P | Permission)[]>>;
  /** What clients may be given that is no permission. Every permission is a scope already. */
  readonly scopes: readonly S[];
}

/** The permissions, roles and scopes that there are by a configuration, Portcullis' own among them. */
export type PermissionOf<C> =
  C extends AccessConfig<infer P, infer _N, infer _S> ? P | Permission : never;
export type RoleOf<C> = C extends AccessConfig<infer _P, infer N, infer _S> ? N | Role : never;
export type ScopeOf<C> =
  C extends AccessConfig<infer P, infer _N, infer S> ? P | S | Permission : never;

/** Where nothing is declared. */
export const NO_ACCESS_CONFIG: AccessConfig = { number: 0, permissions: [], roles: {}, scopes: [] };

/** @returns what it is given; its types are the names that there are */
export function defineConfig<
  const P extends string = never,
  const N extends string = never,
  const S extends string = never,
>(config: {
  number: number;
  permissions: readonly P[];
  roles: Readonly<Record<N, readonly NoInfer<P | Permission>[]>>;
  scopes?: readonly S[];
}): AccessConfig<P, N, S> {
  return { ...config, scopes: config.scopes ?? [] };
}

const MAX_DECLARED = 256;
const MAX_DECLARED_ROLES = 64;
/** Of the JSON, in characters: all of it goes with a grant. */
const MAX_CONFIG_LENGTH = 32_768;
const KEYS = ['number', 'permissions', 'roles', 'scopes'];

/** The key, as in `roles.clerk[1]`, and what is wrong there. */
export interface ConfigFault {
  readonly key: string;
  readonly problem: string;
}

export type ReadAccessConfig =
  | { readonly config: AccessConfig; readonly faults?: undefined }
  | { readonly config?: undefined; readonly faults: readonly ConfigFault[] };

/** @returns what the value says, or all that is wrong with it */
export function readAccessConfig(value: unknown): ReadAccessConfig {
  if (!isRecord(value)) return { faults: [{ key: '(whole)', problem: 'is not an object' }] };
  const { number, permissions, roles, scopes = [] } = value;
  const known = new Set(Array.isArray(permissions) ? permissions : []);
  const faults = [
    ...unknownKeys(value),
    ...faultsOfPermissions(permissions),
    ...faultsOfRoles(roles, known),
    ...faultsOfScopes(scopes, known),
    ...faultsOfNumber(number, isEmpty(permissions) && isEmpty(roles) && isEmpty(scopes)),
  ];
  if (JSON.stringify(value).length > MAX_CONFIG_LENGTH) {
    faults.push({ key: '(whole)', problem: `is longer than ${MAX_CONFIG_LENGTH} characters` });
  }
  const isSound = faults.length === 0 && typeof number === 'number' && isRecord(roles);
  if (!isSound || !isTexts(permissions) || !isTexts(scopes)) return { faults };
  const carried = Object.entries(roles).map(([role, of]) => [role, isTexts(of) ? of : []] as const);
  return { config: { number, permissions, roles: Object.fromEntries(carried), scopes } };
}

function unknownKeys(value: Readonly<Record<string, unknown>>): ConfigFault[] {
  return Object.keys(value)
    .filter((key) => !KEYS.includes(key))
    .map((key) => ({ key, problem: 'is no key of this file' }));
}

function faultsOfNumber(number: unknown, declaresNothing: boolean): ConfigFault[] {
  const isNumber = Number.isSafeInteger(number) && Number(number) >= 0;
  if (!isNumber || Number(number) > MAX_ACCESS_NUMBER) {
    return [{ key: 'number', problem: 'is not a whole number, 0 or more' }];
  }
  if (number !== 0 || declaresNothing) return [];
  return [{ key: 'number', problem: 'is 0, which is for a file that declares nothing' }];
}

function faultsOfPermissions(permissions: unknown): ConfigFault[] {
  return faultsOfList('permissions', permissions, (name) => {
    if (!isPermissionName(name)) return 'is not a name of a-z, 0-9, ., _, : and -, of 64 at most';
    return isOwnPermission(name) ? 'is a permission of Portcullis, which is always there' : null;
  });
}

function faultsOfScopes(scopes: unknown, permissions: ReadonlySet<unknown>): ConfigFault[] {
  return faultsOfList('scopes', scopes, (name) => {
    if (!isPermissionName(name)) return 'is not a name of a-z, 0-9, ., _, : and -, of 64 at most';
    const isPermission = isOwnPermission(name) || permissions.has(name);
    return isPermission ? 'is a permission, and so a scope already' : null;
  });
}

function faultsOfRoles(roles: unknown, permissions: ReadonlySet<unknown>): ConfigFault[] {
  if (!isRecord(roles)) return [{ key: 'roles', problem: 'is not an object' }];
  const entries = Object.entries(roles);
  const faults = entries.flatMap(([role, carried]) => faultsOfRole(role, carried, permissions));
  if (entries.length <= MAX_DECLARED_ROLES) return faults;
  return [...faults, { key: 'roles', problem: `holds more than ${MAX_DECLARED_ROLES}` }];
}

function faultsOfRole(
  role: string,
  carried: unknown,
  permissions: ReadonlySet<unknown>,
): ConfigFault[] {
  const key = `roles.${role}`;
  const faults: ConfigFault[] = [];
  if (!isRoleName(role)) {
    faults.push({ key, problem: 'is not a name of a-z, 0-9, _ and -, of 32 characters at most' });
  }
  if (isOwnRole(role)) {
    faults.push({ key, problem: 'is a role of Portcullis, which is not redefined' });
  }
  faults.push(
    ...faultsOfList(key, carried, (name) =>
      isOwnPermission(name) || permissions.has(name) ? null : 'is no permission that there is',
    ),
  );
  if (Array.isArray(carried) && carried.length === 0)
    faults.push({ key, problem: 'carries no permission' });
  return faults;
}

function faultsOfList(
  key: string,
  list: unknown,
  problemOf: (name: unknown) => string | null,
): ConfigFault[] {
  if (!Array.isArray(list)) return [{ key, problem: 'is not a list' }];
  const names: readonly unknown[] = list;
  const faults = names.flatMap((name, place) => {
    const problem = names.indexOf(name) < place ? 'is named twice' : problemOf(name);
    return problem === null ? [] : [{ key: `${key}[${place}]`, problem }];
  });
  if (names.length <= MAX_DECLARED) return faults;
  return [...faults, { key, problem: `holds more than ${MAX_DECLARED}` }];
}

/** What has another form has a fault of its own. */
function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return !isRecord(value) || Object.keys(value).length === 0;
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}
