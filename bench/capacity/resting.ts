import { aligned, show } from '../table.ts';
import { measureAtRest } from './at-rest.ts';
import type { Measurement } from './measurement.ts';

const SHORT = { rounds: 1, restMs: 1_000 };

export const AT_REST: Measurement = {
  name: 'at-rest',
  about:
    'memory of each service that is asked nothing, a minute after it is ready; medians of 3 starts',
  async run({ short }) {
    const measured = await measureAtRest(short ? SHORT : {});
    const head = ['service', 'resident', 'its share', 'ready after', 'of processor'];
    const rows = Object.entries(measured).map(([name, { rssMiB, pssMiB, readyMs, cpuMs }]) => [
      name,
      `${show(rssMiB)} MiB`,
      `${show(pssMiB)} MiB`,
      `${show(readyMs)} ms`,
      `${show(cpuMs)} ms`,
    ]);
    return { table: aligned([head, ...rows]), figures: measured };
  },
};
