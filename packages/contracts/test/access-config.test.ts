/** The configuration of an adopter: what it says, and every fault of it in one go. */
import { describe, expect, it } from 'vitest';
import {
  defineConfig,
  KnownAccess,
  OWN_ACCESS,
  PERMISSIONS,
  readAccessConfig,
} from '../src/index.ts';

const CONFIG = defineConfig({
  number: 3,
  permissions: ['orders:read', 'orders:refund'],
  roles: { clerk: ['orders:read'], manager: ['orders:read', 'orders:refund', 'users:read'] },
  scopes: ['reports'],
});

const faultsOf = (value: unknown) =>
  (readAccessConfig(value).faults ?? []).map(({ key, problem }) => `${key}: ${problem}`);

describe('a configuration', () => {
  it('is read as it was defined, also as JSON', () => {
    expect(readAccessConfig(CONFIG)).toEqual({ config: CONFIG });
    expect(readAccessConfig(JSON.parse(JSON.stringify(CONFIG)))).toEqual({ config: CONFIG });
    const nothing = defineConfig({ number: 0, permissions: [], roles: {} });
    expect(readAccessConfig(nothing).config).toEqual(nothing);
  });

  it('has all of its faults named at once, each with its key', () => {
    expect(
      faultsOf({
        number: -1,
        permissions: ['orders:read', 'users:read', 'Orders', 'orders:read', 7],
        roles: {
          admin: ['orders:read'],
          clerk: [],
          driver: ['orders:drive'],
          'Night Shift': ['orders:read'],
          cook: 'orders:read',
        },
        scopes: ['reports', 'orders:read', 'keys:write'],
        permission: [],
        version: 1,
      }),
    ).toEqual([
      'permission: is no key of this file',
      'version: is no key of this file',
      'permissions[1]: is a permission of Portcullis, which is always there',
      'permissions[2]: is not a name of a-z, 0-9, ., _, : and -, of 64 at most',
      'permissions[3]: is named twice',
      'permissions[4]: is not a name of a-z, 0-9, ., _, : and -, of 64 at most',
      'roles.admin: is a role of Portcullis, which is not redefined',
      'roles.clerk: carries no permission',
      'roles.driver[0]: is no permission that there is',
      'roles.Night Shift: is not a name of a-z, 0-9, _ and -, of 32 characters at most',
      'roles.cook: is not a list',
      'scopes[1]: is a permission, and so a scope already',
      'scopes[2]: is a permission, and so a scope already',
      'number: is not a whole number, 0 or more',
    ]);
  });

  it('is refused where it has another form', () => {
    for (const value of [undefined, null, [], 'text', 7]) {
      expect(faultsOf(value)).toEqual(['(whole): is not an object']);
    }
    expect(faultsOf({})).toEqual([
      'permissions: is not a list',
      'roles: is not an object',
      'number: is not a whole number, 0 or more',
    ]);
    expect(faultsOf({ ...CONFIG, number: 0 })).toEqual([
      'number: is 0, which is for a file that declares nothing',
    ]);
    const many = Array.from({ length: 257 }, (_, n) => `p:${n}`);
    expect(faultsOf({ ...CONFIG, permissions: [...CONFIG.permissions, ...many] })).toEqual([
      'permissions: holds more than 256',
    ]);
    const roles = Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`r${n}`, many]));
    const faults = faultsOf({ number: 1, permissions: many.slice(0, 256), roles });
    expect(faults).toContain('roles: holds more than 64');
    expect(faults).toContain('(whole): is longer than 32768 characters');
  });
});

describe('what roles carry', () => {
  const rules = new KnownAccess(CONFIG);

  it('is what the configuration says, beside what is always there', () => {
    expect(rules.rolesAllow(['clerk'], 'orders:read')).toBe(true);
    expect(rules.rolesAllow(['clerk'], 'orders:refund')).toBe(false);
    expect(rules.rolesAllow(['clerk', 'manager'], 'users:read')).toBe(true);
    expect(rules.rolesAllow(['support'], 'users:read')).toBe(true);
    expect(rules.rolesAllow([], 'users:read')).toBe(false);
    for (const name of [...PERMISSIONS, ...CONFIG.permissions]) {
      expect(rules.rolesAllow(['admin'], name), name).toBe(true);
    }
  });

  it('is nothing for a role that there is not, whatever it is called', () => {
    for (const role of ['owner', 'constructor', '__proto__', 'toString', '']) {
      expect(rules.rolesAllow([role], 'orders:read'), role).toBe(false);
      expect([...rules.permissionsOf(role)], role).toEqual([]);
    }
  });

  it('of our own roles is what it always was, whatever a mapping says of them', () => {
    const hostile = new KnownAccess({
      permissions: ['orders:read'],
      roles: { admin: ['orders:read'], support: ['keys:write'] },
    });
    expect(hostile.rolesAllow(['admin'], 'keys:write')).toBe(true);
    expect(hostile.rolesAllow(['support'], 'keys:write')).toBe(false);
    expect(OWN_ACCESS.rolesAllow(['support'], 'sessions:revoke')).toBe(true);
  });
});
