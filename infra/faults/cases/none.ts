import type { Fault } from '../fault.ts';
import { setTimeout as sleep } from 'node:timers/promises';

export const none: Fault = {
  name: 'none',
  about: 'nothing is broken',
  takes: ({ long }) => Math.min(long, 20_000),
  async run({ long }) {
    await sleep(Math.min(long, 20_000));
  },
};
