import type { Fault } from '../fault.ts';
import { setTimeout as sleep } from 'node:timers/promises';

export const natsPaused: Fault = {
  name: 'nats-paused',
  about: 'NATS stands still with its connections open; no verifier is excused',
  takes: ({ long }) => long,
  async run({ stage, long, striking }) {
    stage.nats.pause();
    await striking('deaf', stage.verifiers, async () => await sleep(long));
    stage.nats.resume();
  },
};
