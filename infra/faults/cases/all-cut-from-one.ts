import type { Fault } from '../fault.ts';
import { setTimeout as sleep } from 'node:timers/promises';

export const allCutFromOne: Fault = {
  name: 'all-cut-from-one',
  about:
    'between one verifier and NATS and auth nothing passes across a revocation, without a reset',
  takes: ({ lasting }) => lasting + 500,
  async run({ history, actor, traffic, aVerifier, anInstance, lasting, ...scene }) {
    const { excusing, expect, comesTo, endUnder, striking } = scene;
    const cut = aVerifier();
    const { token } = await traffic.newSession();
    await comesTo(cut, token, 'accepted');
    await excusing([cut], async () => {
      const since = performance.now();
      for (const way of [cut.nats, cut.auth]) way.pause();
      await endUnder(anInstance(), token, 300);
      await striking('struck', [cut], async () => await sleep(lasting));
      await actor.verify(cut, token); // checked by T + S
      for (const way of [cut.nats, cut.auth]) way.resume();
      const stale = history.verifications.some(
        ({ at, verdict, start }) => at === cut.name && verdict === 'stale' && start > since,
      );
      expect(`${cut.name} went stale`, stale);
    });
  },
};
