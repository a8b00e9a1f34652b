import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../fault.ts';
import { RESTART_MS } from '../lengths.ts';

export const authKilledBeforeAnswer: Fault = {
  name: 'auth-killed-before-answer',
  about: 'auth is killed while a committed logout waits for a verifier that stands still',
  takes: ({ maxStalenessMs }) => maxStalenessMs + RESTART_MS + 1_000,
  async run(scene) {
    const { stage, history, traffic, anInstance, aVerifier, excusing, endUnder, expect } = scene;
    const victim = anInstance();
    const still = aVerifier();
    const { token } = await traffic.newSession();
    await excusing([still], async () => {
      const resumed = history.open('still', still.name);
      still.service.pause();
      const answer = endUnder(victim, token, 8_000);
      const row = await stage.log.find(({ key }) => key === token.sid, 6_000);
      victim.service.kill('SIGKILL');
      await victim.service.process.exited;
      resumed();
      still.service.resume();
      expect('the logout committed', row !== undefined);
      await answer;
      const change = history.changes.find((one) => one.token === token);
      expect('its answer was lost', change?.outcome === 'unknown');
    });
    await sleep(scene.maxStalenessMs + 300); // the bound, under traffic, with one instance
  },
};
