import type { Fault } from '../fault.ts';
import { isReady, untilAlive } from '../stage/stage.ts';
import { setTimeout as sleep } from 'node:timers/promises';

export const coldStartCutOff: Fault = {
  name: 'cold-start-cut-off',
  about: 'a verifier is killed, misses a revocation, and starts with no way to NATS or auth',
  async run({ history, traffic, aVerifier, anInstance, endUnder, excusing, lasting, expect }) {
    const cold = aVerifier();
    const { token } = await traffic.newSession();
    const ways = [cold.nats, cold.auth];
    await excusing([cold], async () => {
      cold.service.kill('SIGKILL');
      await cold.service.process.exited;
      await endUnder(anInstance(), token, 300);
      for (const way of ways) way.cut();
      const allowed = history.open('forbidden', cold.name);
      const started = cold.service.restart();
      await untilAlive(cold.service);
      await sleep(lasting);
      expect('it says that it is not ready', !(await isReady(cold.service.url)));
      allowed();
      for (const way of ways) way.mend();
      await started;
    });
  },
};
