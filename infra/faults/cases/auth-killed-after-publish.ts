import type { Fault } from '../fault.ts';
import { RESTART_MS } from '../lengths.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { killAfterCommit } from './kill-after-commit.ts';

/** For the event to get to the bus, and for the bus's answer to get back. */
const PUBLISHED_MS = 4_000;
const ANSWERED_MS = 200;

export const authKilledAfterPublish: Fault = {
  name: 'auth-killed-after-publish',
  about: 'auth is killed after its event was stored, before it could mark it',
  takes: ({ maxStalenessMs }) => maxStalenessMs + RESTART_MS + 1_000,
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
      // What it sends waits until the commit was seen, so that nothing can be marked before.
      victim.nats.pause();
      await killAfterCommit(scene, victim, token, async (id) => {
        victim.postgres.pause();
        victim.nats.resume();
        const deadline = performance.now() + PUBLISHED_MS;
        while (!seen.has(id) && performance.now() < deadline) await sleep(5);
        scene.expect('the event was on the bus', seen.has(id));
        await sleep(ANSWERED_MS); // it is back, and the row cannot be marked
      });
    });
  },
};
