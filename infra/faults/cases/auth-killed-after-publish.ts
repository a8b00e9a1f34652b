import type { Fault } from '../fault.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { killAfterCommit } from './kill-after-commit.ts';

/** Longer than it takes to see a commit; shorter than anybody waits for a grant. */
const TO_NATS_MS = 150;
const PUBLISHED_MS = 3_000;

export const authKilledAfterPublish: Fault = {
  name: 'auth-killed-after-publish',
  about: 'auth is killed after its event was stored, before it could mark it',
  async run(scene) {
    const victim = scene.anInstance();
    const { token } = await scene.traffic.newSession();
    const { stage } = scene;
    await stage.onBus(async (bus) => {
      const seen = new Set<string>();
      bus.subscribe(stage.subjects.revocations, {
        callback: (_error, message) => {
          seen.add(message.headers?.get('Nats-Msg-Id') ?? '');
        },
      });
      await bus.flush();
      victim.nats.delay(TO_NATS_MS);
      await killAfterCommit(scene, victim, token, async (id) => {
        victim.postgres.pause();
        const deadline = performance.now() + PUBLISHED_MS;
        while (!seen.has(id) && performance.now() < deadline) await sleep(5);
        scene.expect('the event was on the bus', seen.has(id));
        await sleep(2 * TO_NATS_MS); // the answer of the store is back, and cannot be marked
      });
    });
  },
};
