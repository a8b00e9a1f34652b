import type { Fault } from '../fault.ts';
import { RESTART_MS } from '../lengths.ts';
import { untilReady } from '../stage/stage.ts';
import { setTimeout as sleep } from 'node:timers/promises';

export const coldStartNatsDown: Fault = {
  name: 'cold-start-nats-down',
  about: 'a verifier is killed, misses a revocation, and starts while NATS is down',
  takes: ({ lasting }) => lasting + RESTART_MS + 500,
  async run({
    stage,
    traffic,
    aVerifier,
    anInstance,
    endUnder,
    excusing,
    striking,
    lasting,
    comesTo,
  }) {
    const cold = aVerifier();
    const { token } = await traffic.newSession();
    await excusing([cold], async () => {
      cold.service.kill('SIGKILL');
      await cold.service.process.exited;
      stage.nats.kill('SIGKILL');
      await stage.nats.process.exited;
      await endUnder(anInstance(), token, 300);
      await cold.service.restart(); // ready by grants over HTTP
      await comesTo(cold, token, 'refused');
      await striking('deaf', stage.verifiers, async () => await sleep(lasting));
      await stage.nats.restart();
      await untilReady(cold.service);
    });
  },
};
