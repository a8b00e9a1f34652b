/** Commit → push → confirmations → receipt, over a real Postgres and a real NATS. */
import { newId } from '@portcullis/contracts';
import { appDatabase, createTestBed, type TestBed } from '@portcullis/testbed';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RevocationBus } from '../../src/revocation/bus.ts';
import { startInstance, startVerifier } from './instance.ts';

let bed: TestBed<'auth'>;

beforeEach(async () => {
  bed = await createTestBed({ databases: { auth: appDatabase('auth') } });
}, 120_000);

afterEach(async () => {
  await bed.dispose();
});

/** A bus that loses what the instance publishes, as if it had been killed after the commit. */
const silent = (bus: RevocationBus): RevocationBus => ({
  connected: true,
  push: async () => await new Promise(() => {}),
  publish: async () => await new Promise(() => {}),
  numbered: () => {},
  listen: async () => await Promise.resolve(void bus),
});

describe('a receipt', () => {
  it('counts every verifier that has applied the event, and only then', async () => {
    const auth = await startInstance(bed);
    const verifiers = await Promise.all(
      ['user', 'user', 'admin'].map((name) => startVerifier(bed, name)),
    );
    for (let i = 0; i < 200; i += 1) {
      const { result, revocations } = await auth.revokeSession();
      const receipt = await auth.revocations.receipts.collect(revocations, 2_000);
      expect(receipt).toMatchObject({
        revoked: { kind: 'session', id: result },
        published: true,
        confirmed: 3,
        expected: 3,
        pending: [],
      });
      for (const { applied } of verifiers) expect(applied.at(-1)?.key).toBe(result);
    }
  });

  it('a receipt waits no longer than asked, and names the verifiers that are missing', async () => {
    const auth = await startInstance(bed);
    await startVerifier(bed, 'user');
    const lost = await startVerifier(bed, 'admin');
    await lost.connection.close(); // gone without a word
    const { revocations } = await auth.revokeSession();
    const began = performance.now();
    const receipt = await auth.revocations.receipts.collect(revocations, 300);
    expect(performance.now() - began).toBeLessThan(1_500);
    expect(receipt).toMatchObject({ confirmed: 1, expected: 2, pending: [{ service: 'admin' }] });
    expect(
      Date.parse(receipt.enforced_by) - Date.parse(receipt.committed_at),
    ).toBeGreaterThanOrEqual(3_000);
  });

  it('stops expecting a verifier once it can no longer be fresh', async () => {
    const auth = await startInstance(bed, { maxStalenessMs: 1_500 });
    const lost = await startVerifier(bed, 'admin');
    await lost.connection.close();
    const { revocations } = await auth.revokeSession();
    const receipt = await auth.revocations.receipts.collect(revocations, 10_000);
    // The registry forgot it only after it had gone stale by itself.
    expect(lost.replica.state).toBe('STALE');
    expect(receipt).toMatchObject({ confirmed: 0, expected: 0, pending: [] });
  });

  it('does not expect a verifier that has deregistered', async () => {
    const auth = await startInstance(bed);
    const leaving = await startVerifier(bed, 'admin');
    expect((await auth.revocations.listVerifiers()).verifiers).toHaveLength(1);
    await leaving.replica.close();
    await expect
      .poll(async () => (await auth.revocations.listVerifiers()).verifiers.length)
      .toBe(0);
    const { revocations } = await auth.revokeSession();
    expect(await auth.revocations.receipts.collect(revocations, 1_000)).toMatchObject({
      expected: 0,
    });
  });

  it('is confirmed by the next grants when the pushes are lost', async () => {
    await startInstance(bed); // answers grants
    const verifier = await startVerifier(bed, 'user');
    const mute = await startInstance(bed, { around: silent });
    const { result, revocations } = await mute.revokeSession();
    const receipt = await mute.revocations.receipts.collect(revocations, 4_000);
    expect(receipt).toMatchObject({ confirmed: 1, expected: 1 });
    expect(verifier.applied.map(({ key }) => key)).toContain(result);
  });

  it('of several events is confirmed when all of them are', async () => {
    const auth = await startInstance(bed);
    await startVerifier(bed, 'user');
    const cause = {
      actor: { kind: 'system', id: 'test' },
      requestId: 'req_test',
      address: null,
    } as const;
    const { revocations } = await auth.revocations.withChange(cause, async (change) => {
      for (let i = 0; i < 50; i += 1) {
        await change.revoke({ kind: 'session', key: newId('ses') }, 'logout_all');
      }
      await change.audit({ action: 'test', target: { kind: 'user', id: 'test' } });
    });
    const revoked = { kind: 'sessions', id: 'usr_test' };
    const receipt = await auth.revocations.receipts.collect(revocations, 2_000, revoked);
    expect(receipt).toMatchObject({ revoked, confirmed: 1, expected: 1, published: true });
  });
});

describe('what an instance left behind', () => {
  it('is published and numbered by any other', async () => {
    const dead = await startInstance(bed, { around: silent });
    await startInstance(bed);
    const verifier = await startVerifier(bed, 'user');
    const { result } = await dead.revokeSession();
    await expect
      .poll(() => verifier.applied.map(({ key }) => key), { timeout: 10_000 })
      .toContain(result);
  });

  it('is refused by a change without an audit row', async () => {
    const auth = await startInstance(bed);
    const cause = {
      actor: { kind: 'system', id: 'test' },
      requestId: 'req_test',
      address: null,
    } as const;
    const unaudited = auth.revocations.withChange(cause, async (change) => {
      await change.revoke({ kind: 'session', key: newId('ses') }, 'logout');
    });
    await expect(unaudited).rejects.toThrow('audit');
  });
});
