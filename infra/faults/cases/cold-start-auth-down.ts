import type { Fault } from '../fault.ts';
import { RESTART_MS } from '../lengths.ts';
import { isReady } from '../stage/stage.ts';
import { setTimeout as sleep } from 'node:timers/promises';

export const coldStartAuthDown: Fault = {
  name: 'cold-start-auth-down',
  about: 'a verifier is killed, misses a revocation, and starts while all of auth is down',
  takes: ({ lasting }) => lasting + 2 * RESTART_MS + 500,
  async run({
    stage,
    history,
    traffic,
    aVerifier,
    anInstance,
    endUnder,
    excusing,
    striking,
    lasting,
    expect,
  }) {
    const cold = aVerifier();
    const { token } = await traffic.newSession();
    await excusing(stage.verifiers, async () => {
      cold.service.kill('SIGKILL');
      await cold.service.process.exited;
      await endUnder(anInstance(), token, 300);
      for (const { service } of stage.instances) service.kill('SIGKILL');
      await Promise.all(stage.instances.map(({ service }) => service.process.exited));
      const allowed = history.open('forbidden', cold.name);
      await cold.service.restart('alive');
      const alive = performance.now();
      await striking('struck', [cold], async () => await sleep(lasting));
      expect('it says that it is not ready', !(await isReady(cold.service.url)));
      const unable = history.verifications.filter(
        ({ at, status, start }) => at === cold.name && status === 503 && start > alive,
      );
      expect('it told those who asked that it could not tell', unable.length > 0);
      allowed();
      await Promise.all(stage.instances.map(({ service }) => service.restart()));
    });
  },
};
