import type { Fault } from '../fault.ts';
import { setTimeout as sleep } from 'node:timers/promises';

const TIMES = 8;

export const instancesPaused: Fault = {
  name: 'instances-paused',
  about: 'instances of auth are paused at random moments for up to S',
  takes: ({ maxStalenessMs }) => TIMES * (0.5 * maxStalenessMs + 250),
  async run({ stage, random, anInstance, excusing, maxStalenessMs }) {
    await excusing(stage.verifiers, async () => {
      for (let time = 0; time < TIMES; time += 1) {
        const { service } = anInstance();
        await sleep(random.between(50, 400));
        service.pause();
        await sleep(random.between(20, maxStalenessMs));
        service.resume();
      }
    });
  },
};
