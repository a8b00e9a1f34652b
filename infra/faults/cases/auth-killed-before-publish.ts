import type { Fault } from '../fault.ts';
import { RESTART_MS } from '../lengths.ts';
import { killAfterCommit } from './kill-after-commit.ts';

export const authKilledBeforePublish: Fault = {
  name: 'auth-killed-before-publish',
  about: 'auth is killed right after a commit whose event could not leave',
  takes: ({ maxStalenessMs }) => maxStalenessMs + RESTART_MS + 500,
  async run(scene) {
    const victim = scene.anInstance();
    const { token } = await scene.traffic.newSession();
    victim.nats.pause();
    await killAfterCommit(scene, victim, token);
  },
};
