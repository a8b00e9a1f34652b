import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../fault.ts';
import { RESTART_MS } from '../lengths.ts';
import { killWhileWaiting } from './kill-while-waiting.ts';

export const authKilledBeforeCommit: Fault = {
  name: 'auth-killed-before-commit',
  about: 'auth is killed in the transaction of a logout everywhere: nothing has happened',
  takes: ({ maxStalenessMs }) => maxStalenessMs + RESTART_MS + 1_500,
  async run(scene) {
    const { stage, traffic, actor, expect } = scene;
    const { token } = await traffic.newSession();
    await killWhileWaiting(scene, token, async (victim) => {
      traffic.ended(token);
      return await actor.logOutEverywhere(victim, token);
    });
    const row = await stage.log.find(({ key }) => key === token.sub, 500);
    expect('the logout everywhere did not commit', row === undefined);
    await sleep(scene.maxStalenessMs + 300); // under traffic, with one instance
  },
};
