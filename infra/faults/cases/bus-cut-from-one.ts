import type { Fault } from '../fault.ts';
import { setTimeout as sleep } from 'node:timers/promises';

export const busCutFromOne: Fault = {
  name: 'bus-cut-from-one',
  about: 'between one verifier and NATS nothing passes, without a reset; no verifier is excused',
  takes: ({ lasting }) => lasting,
  async run({ aVerifier, lasting, striking }) {
    const cut = aVerifier();
    cut.nats.pause();
    await striking('deaf', [cut], async () => await sleep(lasting));
    cut.nats.resume();
  },
};
