/** What a durable consumer has done, counted by itself and shown here. */
import { Counter, type Registry } from 'prom-client';

interface Counting {
  stats(): {
    handled: number;
    skipped: number;
    failed: number;
    unknown: number;
    malformed: number;
  };
}

export function observeConsumer(registry: Registry, consumer: Counting): void {
  new Counter({
    name: 'portcullis_events_total',
    help: 'Events taken from NATS, by what became of them',
    labelNames: ['outcome'],
    registers: [registry],
    collect() {
      const { handled, skipped, failed, unknown, malformed } = consumer.stats();
      this.reset();
      this.inc({ outcome: 'handled' }, handled);
      this.inc({ outcome: 'skipped' }, skipped);
      this.inc({ outcome: 'failed' }, failed);
      this.inc({ outcome: 'unknown' }, unknown);
      this.inc({ outcome: 'malformed' }, malformed);
    },
  });
}
