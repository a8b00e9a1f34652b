/** What a durable consumer has done, counted by itself and shown here. */
import { Counter, Gauge, type Registry } from 'prom-client';

interface Counting {
  stats(): {
    handled: number;
    skipped: number;
    failed: number;
    unknown: number;
    malformed: number;
    unacknowledged: number;
  };
  problems(): readonly { cannot: 'read' | 'acknowledge' }[];
}

export function observeConsumer(registry: Registry, consumer: Counting): void {
  new Counter({
    name: 'portcullis_events_total',
    help: 'Events taken from NATS, by outcome',
    labelNames: ['outcome'],
    registers: [registry],
    collect() {
      const { handled, skipped, failed, unknown, malformed, unacknowledged } = consumer.stats();
      this.reset();
      this.inc({ outcome: 'handled' }, handled);
      this.inc({ outcome: 'skipped' }, skipped);
      this.inc({ outcome: 'failed' }, failed);
      this.inc({ outcome: 'unknown' }, unknown);
      this.inc({ outcome: 'malformed' }, malformed);
      this.inc({ outcome: 'unacknowledged' }, unacknowledged);
    },
  });
  new Gauge({
    name: 'portcullis_events_problem',
    help: '1 while events cannot be read, or their acknowledgements do not arrive',
    labelNames: ['cannot'],
    registers: [registry],
    collect() {
      const problems = consumer.problems();
      for (const cannot of ['read', 'acknowledge'] as const) {
        this.set({ cannot }, problems.some((problem) => problem.cannot === cannot) ? 1 : 0);
      }
    },
  });
}
