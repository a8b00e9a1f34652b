import type { Fault } from '../fault.ts';
import { setTimeout as sleep } from 'node:timers/promises';

export const natsKilled: Fault = {
  name: 'nats-killed',
  about: 'NATS is killed, and comes back much later; nobody is excused',
  async run({ stage, long }) {
    stage.nats.kill('SIGKILL');
    await stage.nats.process.exited;
    await sleep(long);
    await stage.nats.restart();
  },
};
