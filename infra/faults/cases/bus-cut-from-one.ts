import type { Fault } from '../fault.ts';
import { setTimeout as sleep } from 'node:timers/promises';

export const busCutFromOne: Fault = {
  name: 'bus-cut-from-one',
  about: 'between one verifier and NATS nothing passes, without a reset; nobody is excused',
  async run({ aVerifier, lasting }) {
    const { nats } = aVerifier();
    nats.pause();
    await sleep(lasting);
    nats.resume();
  },
};
