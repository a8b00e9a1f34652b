/** Receipts for a change of what roles carry: full when every verifier enforces it, and never sooner. */
import { newId, type IncarnationId } from '@portcullis/contracts';
import { describe, expect, it } from 'vitest';
import { createAccessReceipts } from '../../src/revocation/access-receipts.ts';
import { RenewalWatch, type RegisteredVerifier } from '../../src/revocation/registry.ts';

const S = 5_000;
const COMMITTED = new Date('2026-11-29T12:00:00.000Z');

/** A registry that others change, and a clock on which waiting takes no time. */
class Scene {
  now = 0;
  verifiers: RegisteredVerifier[] = [];
  /** What happens at which millisecond. */
  readonly events: { at: number; happens: () => void }[] = [];
  readonly clock = {
    monotonic: () => this.now,
    after: (ms: number, callback: () => void) => {
      this.now += Math.max(1, ms);
      for (const { at, happens } of this.events.splice(0)) {
        if (at <= this.now) happens();
        else this.events.push({ at, happens });
      }
      queueMicrotask(callback);
      return { cancel: () => undefined };
    },
  };
  readonly collect = createAccessReceipts({
    registry: {
      list: async () => ({
        verifiers: structuredClone(this.verifiers),
        issuerTime: COMMITTED.getTime() + this.now,
        epoch: newId('epo'),
        head: 0,
      }),
    },
    watch: new RenewalWatch(() => this.now),
    clock: this.clock,
    present: async () => ({ number: 4, changedAt: COMMITTED }),
  });

  add(
    service: string,
    access: number | null,
    more: Partial<RegisteredVerifier> = {},
  ): IncarnationId {
    const incarnation = newId('inc');
    this.verifiers.push({
      incarnation,
      service,
      access,
      policy: 'reject',
      maxStalenessMs: S,
      epoch: null,
      position: 0,
      renewals: 1,
      renewedMsAgo: 0,
      kinds: [],
      ...more,
    });
    return incarnation;
  }

  says(incarnation: IncarnationId, at: number, access: number): void {
    this.events.push({
      at,
      happens: () => {
        for (const one of this.verifiers) {
          if (one.incarnation !== incarnation) continue;
          one.access = access;
          one.renewals += 1;
        }
      },
    });
  }
}

describe('a receipt', () => {
  it('waits for every verifier that does not enforce it yet', async () => {
    const scene = new Scene();
    const [orders, stock] = [scene.add('orders', 3), scene.add('stock', 3)];
    scene.add('till', 5);
    scene.says(orders, 300, 4);
    scene.says(stock, 900, 4);
    const receipt = await scene.collect(2_000);
    expect(scene.now).toBeGreaterThanOrEqual(900);
    expect(receipt).toMatchObject({ number: 4, confirmed: 3, expected: 3, pending: [] });
    expect(receipt.committed_at).toBe(COMMITTED.toISOString());
    expect(receipt.enforced_by).toBe(new Date(COMMITTED.getTime() + S).toISOString());
  });

  it('names those that have not said so in time', async () => {
    const scene = new Scene();
    const orders = scene.add('orders', 3);
    scene.add('stock', 4);
    scene.says(orders, 5_000, 4);
    expect(await scene.collect(1_000)).toMatchObject({
      confirmed: 1,
      expected: 2,
      pending: [{ service: 'orders', incarnation: orders }],
    });
  });

  it('is never full beside a verifier of a release before', async () => {
    const scene = new Scene();
    const old = scene.add('old', null);
    expect(await scene.collect(1_000)).toMatchObject({
      confirmed: 0,
      expected: 1,
      pending: [{ service: 'old', incarnation: old }],
    });
  });

  it('does not wait for those that have gone, or that can no longer be fresh, and counts none of policy accept', async () => {
    const scene = new Scene();
    const gone = scene.add('gone', 3);
    scene.add('silent', 3);
    const accepting = scene.add('accepting', 3, { policy: 'accept' });
    scene.events.push({
      at: 500,
      happens: () => {
        scene.verifiers = scene.verifiers.filter(({ incarnation }) => incarnation !== gone);
      },
    });
    const receipt = await scene.collect(20_000);
    expect(receipt).toMatchObject({ confirmed: 0, expected: 0, pending: [] });
    expect(receipt.best_effort).toEqual([{ service: 'accepting', incarnation: accepting }]);
    expect(scene.now).toBeGreaterThan(S);
    expect(scene.now).toBeLessThan(S + 3_000);
  });

  it('is full at once where there is no verifier', async () => {
    expect(await new Scene().collect(1_000)).toMatchObject({ confirmed: 0, expected: 0 });
  });
});
