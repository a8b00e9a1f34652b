import type { Fault } from '../fault.ts';
import { setTimeout as sleep } from 'node:timers/promises';

export const natsStoreLost: Fault = {
  name: 'nats-store-lost',
  about: 'NATS is killed and comes back with an empty disk; nobody is excused',
  async run({ stage, random, lasting }) {
    stage.nats.kill('SIGKILL');
    await stage.nats.process.exited;
    await sleep(random.between(100, 1_000));
    await stage.nats.restartEmpty();
    await sleep(lasting);
  },
};
