import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from '../fault.ts';
import { RESTART_MS } from '../lengths.ts';
import { killWhileWaiting } from './kill-while-waiting.ts';

/** A logout is one statement: PostgreSQL carries it out and commits it, though the client that sent it is gone. */
export const authKilledInStatement: Fault = {
  name: 'auth-killed-in-statement',
  about: 'auth is killed while PostgreSQL works on a logout: another instance publishes it',
  takes: ({ maxStalenessMs }) => maxStalenessMs + RESTART_MS + 1_000,
  async run(scene) {
    const { stage, traffic, endUnder, expect, maxStalenessMs } = scene;
    const { token } = await traffic.newSession();
    await killWhileWaiting(scene, token, async (victim) => await endUnder(victim, token, 8_000));
    const row = await stage.log.find(({ key }) => key === token.sid, 6_000);
    expect('the logout committed', row !== undefined);
    await sleep(maxStalenessMs + 300); // the bound, under traffic, with one instance
  },
};
