/** A database that has gone back, as by a restored backup: the former mapping counts in it. */
import { defineConfig } from '@portcullis/contracts';
import { expect, it } from 'vitest';
import { startAuthSystem, type AuthInstance } from '../auth-system.ts';

const CONFIG = defineConfig({
  number: 5,
  permissions: ['orders:read', 'orders:refund'],
  roles: { clerk: ['orders:read'] },
});
const FORMER = { ...CONFIG, number: 4, roles: { clerk: ['orders:read', 'orders:refund'] } };

it('has its instances not ready until one was started again', async () => {
  const system = await startAuthSystem({
    overrides: { PORTCULLIS_CONFIG: JSON.stringify(CONFIG) },
  });
  try {
    const { auth, sql } = system;
    const readiness = async (instance: AuthInstance) => {
      const { status, body } = await instance.call('GET', '/readyz');
      return [status, body.checks.access];
    };
    await expect.poll(() => readiness(auth)).toEqual([200, { ok: true }]);
    await sql`update access_mapping set number = 4, config = ${sql.json(FORMER)}`;
    const reason = `its configuration has number 5, the database 4: start it again, since a backup was restored`;
    await expect.poll(() => readiness(auth)).toEqual([503, { ok: false, reason }]);
    const again = await system.start();
    await expect.poll(() => readiness(again)).toEqual([200, { ok: true }]);
    await expect.poll(() => readiness(auth)).toEqual([200, { ok: true }]);
    expect(await sql`select number, config from access_mapping`).toEqual([
      { number: 5, config: CONFIG },
    ]);
  } finally {
    await system.bed.dispose();
  }
}, 60_000);
