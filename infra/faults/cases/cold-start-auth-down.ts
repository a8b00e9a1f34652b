import type { Fault } from '../fault.ts';
import { isReady, untilAlive } from '../stage/stage.ts';
import { setTimeout as sleep } from 'node:timers/promises';

export const coldStartAuthDown: Fault = {
  name: 'cold-start-auth-down',
  about: 'a verifier is killed, misses a revocation, and starts while all of auth is down',
  async run({
    stage,
    history,
    traffic,
    aVerifier,
    anInstance,
    endUnder,
    excusing,
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
      const started = cold.service.restart();
      await untilAlive(cold.service);
      await sleep(lasting);
      expect('it says that it is not ready', !(await isReady(cold.service.url)));
      allowed();
      await Promise.all(stage.instances.map(({ service }) => service.restart()));
      await started;
    });
  },
};
