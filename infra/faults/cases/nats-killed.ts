import type { Fault } from '../fault.ts';
import { setTimeout as sleep } from 'node:timers/promises';

export const natsKilled: Fault = {
  name: 'nats-killed',
  about: 'NATS is killed, and comes back much later; no verifier is excused',
  takes: ({ long }) => long + 500,
  async run({ stage, long, striking, expect }) {
    stage.nats.kill('SIGKILL');
    await stage.nats.process.exited;
    await striking('deaf', stage.verifiers, async () => await sleep(long));
    expect('NATS was dead all the while', !stage.nats.process.running);
    await stage.nats.restart();
  },
};
