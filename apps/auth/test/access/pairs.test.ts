/** Roles of an adopter's own: who may do what to whom, every pair of them; and who may give what. */
import { KnownAccess, PERMISSIONS, type Permission } from '@portcullis/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN, MACHINE } from '../auth-system.ts';
import { CONFIG, startScene, type Scene } from './scene.ts';

const RULES = new KnownAccess(CONFIG);
const ROLES = ['admin', 'support', 'clerk', 'keeper', 'manager'];

let scene: Scene;

beforeAll(async () => {
  scene = await startScene();
}, 120_000);
afterAll(async () => {
  await scene.system.bed.dispose();
});

const as = (by: string, verb: string, id: string, more?: object) => scene.as(by, verb, id, more);
const account = (...roles: string[]) => scene.account(...roles);
const holds = (role: string, permission: Permission) => RULES.rolesAllow([role], permission);
/** Whether nothing that the one carries is lacking to the other. */
const reaches = (actor: string, ...targets: string[]) =>
  [...RULES.permissionsOfAll(targets)].every((one) => RULES.permissionsOf(actor).has(one));

const PAIRS = ROLES.flatMap((actor) =>
  [...ROLES, 'none'].map((target) => [actor, target] as const),
);

describe('every pair of roles', () => {
  it.each(PAIRS)('%s and %s', async (actorRole, targetRole) => {
    const actor = await account(actorRole);
    const target = () => account(...(targetRole === 'none' ? [] : [targetRole]));
    const isReached = reaches(actorRole, targetRole);
    const allowed = (needed: Permission) => (holds(actorRole, needed) && isReached ? 200 : 403);

    const disabled = await target();
    expect((await as(actor, 'disable', disabled)).status).toBe(allowed('users:write'));
    await scene.system.sql`update users set status = 'disabled' where id = ${disabled}`;
    expect((await as(actor, 'enable', disabled)).status).toBe(allowed('users:write'));
    const removed = await target();
    expect((await as(actor, 'remove', removed)).status).toBe(allowed('users:delete'));
    const roleless = await target();
    expect((await as(actor, 'setRoles', roleless, { roles: [] })).status).toBe(
      allowed('roles:write'),
    );
    const given = await account();
    const roles = targetRole === 'none' ? [] : [targetRole];
    const { status, body } = await as(actor, 'setRoles', given, { roles });
    expect(status).toBe(allowed('roles:write'));
    expect(status === 200 ? body.user.roles : body.code).toEqual(
      status === 200 ? roles : 'actor_refused',
    );
    // A session is ended for anyone.
    const loggedOut = await as(actor, 'logout', await target());
    expect(loggedOut.status).toBe(holds(actorRole, 'sessions:revoke') ? 200 : 403);
  });
});

describe('a role', () => {
  it('is given and taken only by those who hold all of it, whatever else the account has', async () => {
    const manager = await account('manager');
    const both = await account('clerk');
    expect((await as(manager, 'setRoles', both, { roles: ['clerk', 'keeper'] })).status).toBe(200);
    expect((await as(manager, 'setRoles', both, { roles: ['clerk', 'admin'] })).status).toBe(403);
    const keeper = await account('keeper');
    expect((await as(keeper, 'setRoles', keeper, { roles: ['keeper', 'clerk'] })).status).toBe(403);
    expect((await as(keeper, 'setRoles', keeper, { roles: ['keeper', 'admin'] })).status).toBe(403);
    expect((await as(keeper, 'setRoles', keeper, { roles: [] })).status).toBe(200);
  });

  it('that there is not is not given; one that the account has may stay and go', async () => {
    const admin = await scene.system.idOf(ADMIN.email);
    const id = await account('cook', 'clerk');
    const unknown = await as(admin, 'setRoles', id, { roles: ['cook', 'waiter'] });
    expect([unknown.status, unknown.body.code, unknown.body.issues]).toEqual([
      400,
      'invalid_request',
      [{ path: 'roles', message: 'names a role that there is not' }],
    ]);
    const kept = await as(admin, 'setRoles', id, { roles: ['cook'] });
    expect(kept.body.user.roles).toEqual(['cook']);
    expect((await as(admin, 'setRoles', id, { roles: [] })).body.user.roles).toEqual([]);
    for (const role of ['constructor', '__proto__', 'toString']) {
      expect((await as(admin, 'setRoles', id, { roles: [role] })).status, role).toBe(400);
    }
  });

  it('admin is given, taken and touched by admin alone, whatever another role carries', async () => {
    const owner = [...PERMISSIONS, ...CONFIG.permissions];
    await scene.declare({ roles: { ...CONFIG.roles, owner } });
    try {
      const actor = await account('owner');
      const outcomes = [];
      for (const [target, verb, more] of [
        [actor, 'setRoles', { roles: ['owner', 'admin'] }],
        [await account(), 'setRoles', { roles: ['admin'] }],
        [await account('admin'), 'setRoles', { roles: [] }],
        [await account('admin'), 'disable', {}],
        [await account('manager'), 'disable', {}],
        [await account(), 'setRoles', { roles: ['support'] }],
      ] as const) {
        outcomes.push((await as(actor, verb, target, more)).status);
      }
      expect(outcomes).toEqual([403, 403, 403, 403, 200, 200]);
    } finally {
      await scene.declare({});
    }
  });

  it('is in the token by its name alone', async () => {
    const { auth, system } = scene;
    const user = await auth.newcomer();
    const id = await system.idOf(user.email);
    await as(await scene.system.idOf(ADMIN.email), 'setRoles', id, { roles: ['clerk'] });
    const { body } = await auth.refresh(user.refresh_token);
    const claims = JSON.parse(Buffer.from(body.access_token.split('.')[1], 'base64url').toString());
    expect(claims.roles).toEqual(['clerk']);
    expect(claims.scope).toBeUndefined();
    expect(await auth.accepts(body.access_token)).toBe(true);
  });
});

describe('a client', () => {
  const create = (by: string, scopes: string[]) => scene.createClient(by, scopes);

  it('is given no permission that its maker does not hold, and no scope that there is not', async () => {
    const manager = await account('manager');
    const outcomes = [];
    for (const scopes of [
      ['orders:refund'],
      ['export'],
      ['reports:read'],
      ['keys:write'],
      ['x:y'],
    ]) {
      outcomes.push((await create(manager, scopes)).status);
    }
    expect(outcomes).toEqual([200, 200, 403, 403, 400]);
    expect((await create(await account('keeper'), ['stock:read'])).status).toBe(403);
    expect((await create(await scene.system.idOf(ADMIN.email), ['reports:read'])).status).toBe(200);
  });

  it('with a permission that an administrator lacks gives that one no secret, and is not disabled by them', async () => {
    const outcomeOf = async (actor: string, verb: string, client_id: string) =>
      (await scene.client(actor, verb, { client_id, wait: 0 })).status;
    const admin = await scene.system.idOf(ADMIN.email);
    const manager = await account('manager');
    const { body } = await create(manager, ['orders:read', 'export']);
    const other = await create(admin, ['orders:read', 'reports:read']);
    for (const verb of ['rotate', 'disable']) {
      expect(await outcomeOf(manager, verb, body.client.id), verb).toBe(200);
      expect(await outcomeOf(manager, verb, other.body.client.id), verb).toBe(403);
      expect(await outcomeOf(admin, verb, other.body.client.id), verb).toBe(200);
    }
    expect(await outcomeOf(manager, 'rotate', MACHINE.id)).toBe(403);
  });

  it('has no more scopes than a token can hold', async () => {
    const many = Array.from({ length: 32 }, (_, n) => `p${n}:`.padEnd(64, 'x'));
    const { status, body } = await create(await scene.system.idOf(ADMIN.email), many);
    expect([status, body.issues[0]]).toEqual([
      400,
      { path: 'scopes', message: 'has more than 1024 characters together' },
    ]);
  });
});
