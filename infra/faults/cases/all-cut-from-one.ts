import type { Fault } from '../fault.ts';
import { setTimeout as sleep } from 'node:timers/promises';

export const allCutFromOne: Fault = {
  name: 'all-cut-from-one',
  about: 'between one verifier and NATS and auth nothing passes, without a reset',
  async run({ aVerifier, lasting, excusing, expect, history }) {
    const cut = aVerifier();
    await excusing([cut], async () => {
      const since = performance.now();
      for (const way of [cut.nats, cut.auth]) way.pause();
      await sleep(lasting);
      for (const way of [cut.nats, cut.auth]) way.resume();
      const stale = history.verifications.some(
        ({ at, verdict, start }) => at === cut.name && verdict === 'stale' && start > since,
      );
      expect(`${cut.name} went stale`, stale);
    });
  },
};
