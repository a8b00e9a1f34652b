import type { Fault } from '../fault.ts';
import { RESTART_MS } from '../lengths.ts';
import { isReady } from '../stage/stage.ts';
import { setTimeout as sleep } from 'node:timers/promises';

export const coldStartCutOff: Fault = {
  name: 'cold-start-cut-off',
  about: 'a verifier is killed, misses a revocation, and starts with no way to NATS or auth',
  takes: ({ lasting }) => lasting + RESTART_MS + 500,
  async run({
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
    const ways = [cold.nats, cold.auth];
    await excusing([cold], async () => {
      cold.service.kill('SIGKILL');
      await cold.service.process.exited;
      await endUnder(anInstance(), token, 300);
      for (const way of ways) way.cut();
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
      for (const way of ways) way.mend();
    });
  },
};
