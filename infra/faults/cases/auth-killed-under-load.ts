import type { Fault } from '../fault.ts';
import { RESTART_MS } from '../lengths.ts';
import { setTimeout as sleep } from 'node:timers/promises';

const TIMES = 3;

export const authKilledUnderLoad: Fault = {
  name: 'auth-killed-under-load',
  about: 'instances of auth are killed at random moments, one at a time; no verifier is excused',
  takes: () => TIMES * (RESTART_MS + 750),
  async run({ random, anInstance, history, expect }) {
    for (let time = 0; time < TIMES; time += 1) {
      const { name, service } = anInstance();
      await sleep(random.between(100, 700));
      const killed = performance.now();
      service.kill('SIGKILL');
      await service.process.exited;
      await sleep(random.between(0, 700));
      await service.restart();
      const struck = [...history.changes, ...history.issues].some(
        ({ at, outcome, end }) => at === name && outcome === 'unknown' && end >= killed,
      );
      expect('a client got no answer from it', struck);
    }
  },
};
