import type { Fault } from '../fault.ts';
import { setTimeout as sleep } from 'node:timers/promises';

export const natsPaused: Fault = {
  name: 'nats-paused',
  about: 'NATS stands still with its connections open; nobody is excused',
  async run({ stage, long }) {
    stage.nats.pause();
    await sleep(long);
    stage.nats.resume();
  },
};
