import type { Fault } from '../fault.ts';
import { RESTART_MS } from '../lengths.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { withOwnVerifier } from '../stage/own-verifier.ts';

const LEAST_MS = 5_000;

export const eventLoopBlocked: Fault = {
  name: 'event-loop-blocked',
  about: "a verifier's event loop does nothing for 5 s or more across a revocation",
  takes: ({ maxStalenessMs }) => RESTART_MS + Math.max(LEAST_MS, 1.5 * maxStalenessMs),
  async run(scene) {
    const { history, actor, traffic, anInstance, endUnder, excusing, expect, comesTo } = scene;
    const blockedMs = Math.max(LEAST_MS, 1.5 * scene.maxStalenessMs);
    await withOwnVerifier(scene, {}, async (blocked) => {
      const { token } = await traffic.newSession();
      await comesTo(blocked, token, 'accepted');
      await excusing([blocked], async () => {
        const asked = performance.now();
        await fetch(`${blocked.service.url}/block?ms=${blockedMs}`, { method: 'POST' });
        const span = { at: blocked.name, from: performance.now(), to: asked + blockedMs };
        history.still.push(span);
        await endUnder(anInstance(), token, 300);
        const first = actor.verify(blocked, token);
        await sleep(Math.max(0, span.to - performance.now()));
        expect('its first answer was no acceptance', (await first).verdict !== 'accepted');
      });
    });
  },
};
