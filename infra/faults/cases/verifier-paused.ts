import type { Fault } from '../fault.ts';
import { setTimeout as sleep } from 'node:timers/promises';

export const verifierPaused: Fault = {
  name: 'verifier-paused',
  about: 'a verifier stands still for longer than S across a revocation, whose push is lost',
  takes: ({ maxStalenessMs }) => 1.6 * maxStalenessMs + 500,
  async run(scene) {
    const { history, actor, traffic, aVerifier, anInstance, endUnder, excusing, expect, comesTo } =
      scene;
    const { token } = await traffic.newSession();
    const still = aVerifier();
    const ways = [still.nats, still.auth];
    await comesTo(still, token, 'accepted');
    await excusing([still], async () => {
      const resumed = history.open('still', still.name);
      still.service.pause();
      // When it wakes, only its clock can show that a revocation may have been missed.
      for (const way of ways) way.pause();
      await endUnder(anInstance(), token, 300);
      await sleep(scene.maxStalenessMs * scene.random.between(1.1, 2));
      // It waits there before the verifier wakes.
      const first = actor.verify(still, token);
      await sleep(50);
      resumed();
      still.service.resume();
      expect('its first answer was no acceptance', (await first).verdict !== 'accepted');
      for (const way of ways) way.resume();
    });
  },
};
