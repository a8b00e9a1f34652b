import type { Fault } from '../fault.ts';
import { setTimeout as sleep } from 'node:timers/promises';

const TIMES = 3;

export const authKilledUnderLoad: Fault = {
  name: 'auth-killed-under-load',
  about: 'instances of auth are killed at random moments, one at a time; nobody is excused',
  async run({ random, anInstance }) {
    for (let time = 0; time < TIMES; time += 1) {
      const { service } = anInstance();
      await sleep(random.between(100, 700));
      service.kill('SIGKILL');
      await service.process.exited;
      await sleep(random.between(0, 700));
      await service.restart();
    }
  },
};
