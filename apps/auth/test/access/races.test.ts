/** Roles and scopes while the mapping changes: what was taken away is given by no role, at no moment. */
import { newId } from '@portcullis/contracts';
import { rounds } from '@portcullis/testbed';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ADMIN, basic } from '../auth-system.ts';
import { CONFIG, startScene, type Scene } from './scene.ts';

const S = 5_000;
/** The clerk carries what the manager lacks. */
const BEYOND = { roles: { ...CONFIG.roles, clerk: [...CONFIG.roles.clerk, 'reports:read'] } };

let scene: Scene;
let admin: string;

beforeAll(async () => {
  scene = await startScene();
  admin = await scene.system.idOf(ADMIN.email);
}, 120_000);
afterAll(async () => {
  await scene.system.bed.dispose();
});
beforeEach(async () => {
  await scene.declare({});
});

const give = (by: string, to: string, ...roles: string[]) =>
  scene.as(by, 'setRoles', to, { roles });

describe('a role', () => {
  it('waits for a change of the mapping that has begun, and is decided by it', async () => {
    const [manager, target] = [await scene.account('manager'), await scene.account()];
    let outcome: ReturnType<typeof give> | undefined;
    await scene.system.sql.begin(async (tx) => {
      await tx`select id from access_mapping for update`;
      const config = JSON.stringify({ ...CONFIG, ...BEYOND, number: 1_000 });
      await tx`update access_mapping set number = 1000, config = ${config}::text::jsonb`;
      outcome = give(manager, target, 'clerk');
      const first = await Promise.race([outcome, sleep(300, 'waits')]);
      expect(first).toBe('waits');
    });
    expect((await outcome)?.status).toBe(403);
    expect((await give(admin, target, 'clerk')).status).toBe(200);
  });

  it('is given by no mapping that is just being replaced', async () => {
    const failures: string[] = [];
    for (let round = 0; round < rounds({ short: 20, long: 200 }); round += 1) {
      await scene.declare({});
      const [manager, target] = [await scene.account('manager'), await scene.account()];
      let seen: readonly string[] = [];
      const replaced = scene.system.sql.begin(async (tx) => {
        await sleep(Math.random() * 10);
        const [mapping] = await tx`select number from access_mapping for update`;
        // Whoever gives it by the mapping of before has done so by now.
        const [user] = await tx`select roles from users where id = ${target}`;
        seen = user?.['roles'];
        const number = Number(mapping?.['number']) + 1;
        const config = JSON.stringify({ ...CONFIG, ...BEYOND, number });
        await tx`update access_mapping set number = ${number}, config = ${config}::text::jsonb`;
      });
      const [{ status }] = await Promise.all([give(manager, target, 'clerk'), replaced]);
      const isRight = status === (seen.includes('clerk') ? 200 : 403);
      if (!isRight) failures.push(`round ${round}: ${status}, with ${seen.join()}`);
    }
    expect(failures).toEqual([]);
  }, 120_000);

  it('is not given while a verifier may go by a mapping of before, but by admin', async () => {
    const { sql } = scene.system;
    const manager = await scene.account('manager');
    const [row] = await sql`select number from access_mapping`;
    const present = Number(row?.['number']);
    const incarnation = newId('inc');
    const verifier = async (access: number | null, policy: string, ageMs: number) => {
      await sql`delete from verifiers where incarnation = ${incarnation}`;
      await sql`
        insert into verifiers (incarnation, service, policy, max_staleness_ms, position, access, renewed_at)
        values (${incarnation}, 'orders', ${policy}, ${S}, 0, ${access},
          clock_timestamp() - ${ageMs} * interval '1 millisecond')`;
    };
    const outcome = async (by: string, ...roles: string[]) => {
      const { status, body, headers } = await give(by, await scene.account(), ...roles);
      return status === 200 ? status : [status, body.code, headers.get('retry-after')];
    };
    const late = [503, 'unavailable', '1'];

    await verifier(present - 1, 'reject', 0);
    expect(await outcome(manager, 'clerk')).toEqual(late);
    expect(await outcome(admin, 'clerk')).toBe(200);
    // It carries the same by every mapping.
    expect(await outcome(manager, 'support')).toBe(200);
    expect(await outcome(manager)).toBe(200);
    await verifier(present - 1, 'introspect', S - 500);
    expect(await outcome(manager, 'clerk')).toEqual(late);
    // No longer fresh, it is sure of nothing that the mapping decides.
    await verifier(present - 1, 'reject', S + 200);
    expect(await outcome(manager, 'clerk')).toBe(200);
    await verifier(present - 1, 'accept', 0);
    expect(await outcome(manager, 'clerk')).toBe(200);
    await verifier(present, 'reject', 0);
    expect(await outcome(manager, 'clerk')).toBe(200);
    await sql`delete from verifiers where incarnation = ${incarnation}`;
  });

  it('that is declared no longer carries nothing, can be given by no administrator, and carries again what it is declared with', async () => {
    const [keeper, clerk] = [await scene.account('keeper'), await scene.account('clerk')];
    const disabled = async () => (await scene.as(keeper, 'disable', clerk)).status;
    expect(await disabled()).toBe(403);
    const { clerk: _clerk, ...others } = CONFIG.roles;
    await scene.declare({ roles: others });
    expect((await give(admin, await scene.account(), 'clerk')).status).toBe(400);
    expect(await disabled()).toBe(200);
    await scene.declare({});
    expect(await disabled()).toBe(403);
  });

  it('of the administrator is what it carries now', async () => {
    const [manager, target] = [await scene.account('manager'), await scene.account('clerk')];
    const manages = CONFIG.roles.manager.filter((one) => one !== 'orders:write');
    await scene.declare({ roles: { ...CONFIG.roles, manager: manages } });
    expect((await scene.as(manager, 'disable', target)).status).toBe(403);
    expect((await give(manager, await scene.account(), 'clerk')).status).toBe(403);
    // Its former permission is not got back by a role that carried it.
    expect((await give(manager, manager, 'manager', 'clerk')).status).toBe(403);
    await scene.declare({});
    expect((await scene.as(manager, 'disable', target)).status).toBe(200);
  });
});

describe('a scope', () => {
  it('of a client is in no token once it is declared no longer, and its secret is for admin alone', async () => {
    const manager = await scene.account('manager');
    const scopes = ['orders:refund', 'users:read', 'export', 'orders:read'];
    const made = await scene.createClient(manager, scopes);
    const { client, client_secret } = made.body;
    const asked = async (scope?: string) => {
      const { status, body } = await scene.auth.call('POST', '/oauth2/token', {
        form: { grant_type: 'client_credentials', ...(scope === undefined ? {} : { scope }) },
        headers: basic(client.id, client_secret),
      });
      return status === 200 ? body.scope : body.error;
    };
    expect(await asked()).toBe(scopes.join(' '));

    await scene.declare({
      permissions: CONFIG.permissions.filter((one) => one !== 'orders:refund'),
      roles: { clerk: CONFIG.roles.clerk, manager: ['clients:write', 'orders:read', 'users:read'] },
      scopes: [],
    });
    expect(await asked()).toBe('users:read orders:read');
    expect(await asked('orders:refund')).toBe('invalid_scope');
    expect(await asked('export orders:read')).toBe('invalid_scope');
    expect(await asked('orders:read')).toBe('orders:read');
    const rotate = async (by: string) =>
      (await scene.client(by, 'rotate', { client_id: client.id, wait: 0, overlap_seconds: 60 }))
        .status;
    expect([await rotate(manager), await rotate(admin)]).toEqual([403, 200]);

    await scene.declare({});
    expect(await asked()).toBe(scopes.join(' '));
    expect(await rotate(manager)).toBe(200);
  });
});
