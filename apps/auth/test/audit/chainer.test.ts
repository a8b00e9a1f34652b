import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { AuditChainer } from '../../src/audit/chainer.ts';

/** Rows that were committed, and how many of them have their place. */
function keeperOf(rows: { committed: number; chained: number; running: number; most: number }) {
  return new AuditChainer({
    trail: {
      async chain() {
        rows.running += 1;
        rows.most = Math.max(rows.most, rows.running);
        const found = rows.committed;
        await turn();
        if (found < 0) throw new Error('the database is away');
        rows.chained = found;
        rows.running -= 1;
        return { head: { position: found, hash: '' }, more: false };
      },
    },
    heads: { connected: false, publishHead: async () => undefined },
    clock: { after: () => ({ cancel: () => undefined }) },
    failed: () => undefined,
  });
}

it('has chained what was committed before the call, whenever that comes, in one run at a time', async () => {
  const rows = { committed: 0, chained: 0, running: 0, most: 0 };
  await using keeper = keeperOf(rows);
  // Each in another microtask, from before a run begins until after it has ended.
  const calls = Array.from({ length: 200 }, async (_, gap) => {
    if (gap >= 100) await turn();
    for (let i = 0; i < gap % 100; i += 1) await Promise.resolve();
    rows.committed += 1;
    const mine = rows.committed;
    await keeper.chain();
    expect(rows.chained).toBeGreaterThanOrEqual(mine);
  });
  await Promise.all(calls);
  expect(rows.most).toBe(1);
});

it('rejects the calls of the run that failed, and no later ones', async () => {
  const rows = { committed: -1, chained: 0, running: 0, most: 0 };
  await using keeper = keeperOf(rows);
  const failing = keeper.chain();
  await Promise.resolve();
  await Promise.resolve();
  rows.committed = 1;
  const after = keeper.chain();
  await expect(failing).rejects.toThrow('away');
  await after;
  expect(rows.chained).toBe(1);
});
